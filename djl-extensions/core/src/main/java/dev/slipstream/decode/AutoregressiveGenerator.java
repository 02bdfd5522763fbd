package dev.slipstream.decode;

import dev.slipstream.cache.PrefixCache;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Texts of one model, each in the thread of whoever reads it, decoded by one method for all. */
public final class AutoregressiveGenerator implements TextGenerator {
    /** A tokenizer may drop some characters before it cuts the rest into pieces. */
    private static final int SHRINKING = 4;

    private final LanguageModel model;
    private final DecodingMethod method;
    private final @Nullable PrefixCache cache;
    private final Set<AutoregressiveStream> streams = ConcurrentHashMap.newKeySet();
    private boolean closed;

    /**
     * Constructs a generator.
     *
     * @param model belongs to the generator from now on
     */
    public AutoregressiveGenerator(LanguageModel model) {
        this(model, null, null);
    }

    /**
     * Constructs a generator.
     *
     * @param model belongs to the generator from now on
     * @param method how to decode, belongs to the generator too; null decodes plainly
     */
    public AutoregressiveGenerator(LanguageModel model, @Nullable DecodingMethod method) {
        this(model, method, null);
    }

    /**
     * Constructs a generator.
     *
     * @param model belongs to the generator from now on
     * @param method how to decode, belongs to the generator too; null decodes plainly
     * @param cache what is remembered of texts, belongs to the generator too; null reads every
     *     prompt
     */
    public AutoregressiveGenerator(
            LanguageModel model, @Nullable DecodingMethod method, @Nullable PrefixCache cache) {
        this.model = model;
        this.method = method == null ? new PlainDecoding() : method;
        this.cache = cache;
    }

    /** Returns the model that this generator owns. */
    public LanguageModel model() {
        return model;
    }

    /** Returns what this generator remembers, which it owns; null if it reads every prompt. */
    public @Nullable PrefixCache cache() {
        return cache;
    }

    /** Returns how this generator decodes, which it owns. */
    public DecodingMethod method() {
        return method;
    }

    @Override
    public String name() {
        return model.name();
    }

    @Override
    public int contextLength() {
        return model.decoder().contextLength();
    }

    @Override
    public int vocabularySize() {
        return model.decoder().vocabularySize();
    }

    @Override
    public GenerationOptions defaults() {
        return model.defaults();
    }

    @Override
    public boolean hasChatTemplate() {
        return model.template() != null;
    }

    @Override
    public Prompt prompt(String text) {
        return tokenize(text, Tokenizer.SpecialTokens.ADD);
    }

    @Override
    public Prompt chat(List<ChatMessage> messages, List<ChatMessage.Tool> tools) {
        if (messages.isEmpty()) {
            throw new InvalidOptionException("messages", "expected at least one, found none");
        }
        ChatTemplate template = model.template();
        if (template == null) {
            return prompt(
                    messages.stream()
                            .map(ChatMessage::content)
                            .filter(content -> !content.isEmpty())
                            .collect(Collectors.joining("\n\n")));
        }
        return tokenize(template.render(messages, tools), Tokenizer.SpecialTokens.AS_WRITTEN);
    }

    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions options) {
        check(prompt, options);
        AutoregressiveStream stream =
                new AutoregressiveStream(model, method, cache, prompt, options, streams::remove);
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException(name() + " is closed");
            }
            streams.add(stream);
        }
        return stream;
    }

    @Override
    public void check(GenerationOptions options) {
        Sampler.check(options, vocabularySize());
        model.efforts().choose(options.effort());
        method.check(options);
    }

    /** Cancels the streams first: their threads must be out of what is freed next. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        try (model;
                cache;
                method) {
            endStreams();
        }
    }

    private void endStreams() {
        RuntimeException failure = null;
        for (AutoregressiveStream stream : List.copyOf(streams)) {
            try {
                stream.leaveModel();
            } catch (RuntimeException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private Prompt tokenize(String text, Tokenizer.SpecialTokens special) {
        requireWholeCharacters(text);
        requireCountable(text);
        int[] ids = model.tokenizer().encode(text, special);
        if (ids.length == 0) {
            if (model.beginToken() == null) {
                throw new InvalidOptionException(
                        "prompt",
                        "expected some text, found none, and model %s has no begin token to start from"
                                .formatted(name()));
            }
            ids = new int[] {model.beginToken()};
        }
        return new Prompt(text, ids);
    }

    /** Tokenising 10 MB takes 10 s, only to find that it does not fit: this is known before. */
    private void requireCountable(String text) {
        int least = text.length() / model.tokenizer().longestPiece();
        if (least / SHRINKING > contextLength()) {
            throw PromptTooLongException.atLeast(least / SHRINKING, contextLength());
        }
    }

    private static void requireWholeCharacters(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                throw new InvalidOptionException(
                        "prompt",
                        "expected whole characters, found half of a surrogate pair (U+%04X) at index %d"
                                .formatted((int) c, i));
            }
        }
    }
}
