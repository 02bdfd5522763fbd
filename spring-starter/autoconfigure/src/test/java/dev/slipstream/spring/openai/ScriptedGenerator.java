package dev.slipstream.spring.openai;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.PromptTooLongException;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A model whose next token is the letter after the last one: prompt "x" and seed 0 give "abc…",
 * seed 1 gives "bcd…". Tokens are characters; 26 of them end the text. Some prompts make it
 * misbehave.
 */
final class ScriptedGenerator implements TextGenerator {
    /** A prompt that fails before its first token. */
    static final String FAILS_AT_ONCE = "fail at once";

    /** A prompt that fails after two tokens. */
    static final String FAILS_LATER = "fail later";

    /** A prompt that gives no token until it is cancelled. */
    static final String SILENT = "silent";

    /** A prompt that gives one token for each permit of {@link #steps}, and never ends. */
    static final String STEPPED = "stepped";

    /** A prompt whose text somebody in the server cancels after two tokens. */
    static final String CANCELLED = "cancelled";

    /** A prompt whose text begins when {@link #gate} is open. */
    static final String GATED = "gated";

    final CountDownLatch gate = new CountDownLatch(1);
    final Semaphore steps = new Semaphore(0);
    final AtomicInteger decoded = new AtomicInteger();
    final AtomicInteger open = new AtomicInteger();

    /** Texts that were open when the model was closed; -1 before. */
    final AtomicInteger openWhenClosed = new AtomicInteger(-1);

    final Semaphore closed = new Semaphore(0);
    final List<GenerationOptions> options = new CopyOnWriteArrayList<>();
    final List<Prompt> prompts = new CopyOnWriteArrayList<>();
    final List<ChatMessage> messages = new CopyOnWriteArrayList<>();
    final List<ChatMessage.Tool> tools = new CopyOnWriteArrayList<>();
    private final String name;
    private final boolean template;

    /** Returns the usage in JSON: two tokens were drafted in vain for every token. */
    static String usage(int prompt, int completion, int cached) {
        return ("{'prompt_tokens':%d,'completion_tokens':%d,'total_tokens':%d,"
                        + "'prompt_tokens_details':{'cached_tokens':%d},"
                        + "'completion_tokens_details':{'accepted_prediction_tokens':%d,"
                        + "'rejected_prediction_tokens':%d}}")
                .replace('\'', '"')
                .formatted(
                        prompt,
                        completion,
                        prompt + completion,
                        cached,
                        completion,
                        2 * completion);
    }

    ScriptedGenerator(String name, boolean template) {
        this.name = name;
        this.template = template;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int contextLength() {
        return 64;
    }

    @Override
    public int vocabularySize() {
        return 128;
    }

    @Override
    public GenerationOptions defaults() {
        return GenerationOptions.builder().maxTokens(5).temperature(0.25).topK(7).build();
    }

    @Override
    public boolean hasChatTemplate() {
        return template;
    }

    @Override
    public Prompt prompt(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("the prompt is empty and the model has no begin");
        }
        if (text.length() > 10 * contextLength()) {
            throw new PromptTooLongException(text.length(), contextLength());
        }
        return new Prompt(text, text.chars().toArray());
    }

    @Override
    public Prompt chat(List<ChatMessage> conversation, List<ChatMessage.Tool> offered) {
        messages.clear();
        messages.addAll(conversation);
        tools.clear();
        tools.addAll(offered);
        return prompt(conversation.get(conversation.size() - 1).content());
    }

    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions asked) {
        if (prompt.length() >= contextLength()) {
            throw new PromptTooLongException(prompt.length(), contextLength());
        }
        if ("slow".equals(asked.effort().level())) {
            throw new InvalidOptionException("effort", "expected best or fast, found slow");
        }
        prompts.add(prompt);
        options.add(asked);
        open.incrementAndGet();
        return new Letters(prompt, asked);
    }

    @Override
    public void close() {
        openWhenClosed.set(open.get());
    }

    private final class Letters implements TokenStream {
        private final Prompt prompt;
        private final GenerationOptions asked;
        private final CountDownLatch cancelled = new CountDownLatch(1);
        private final boolean endless;
        private int written;
        private boolean ready;
        private boolean isClosed;
        private @Nullable FinishReason reason;

        Letters(Prompt prompt, GenerationOptions asked) {
            this.prompt = prompt;
            this.asked = asked;
            this.endless = prompt.text().equals(STEPPED);
        }

        @Override
        public boolean hasNext() {
            if (ready || reason != null) {
                return ready;
            }
            switch (prompt.text()) {
                case FAILS_AT_ONCE -> throw new IllegalStateException("secret of the server");
                case FAILS_LATER -> {
                    if (written == 2) {
                        throw new IllegalStateException("secret of the server");
                    }
                }
                case SILENT -> await(cancelled::await);
                case GATED -> await(gate::await);
                case STEPPED -> await(steps::acquire);
                case CANCELLED -> {
                    if (written == 2) {
                        cancel();
                    }
                }
                default -> {}
            }
            if (cancelled.getCount() == 0) {
                reason = FinishReason.CANCELLED;
            } else if (!endless && written == 26) {
                reason = FinishReason.STOP_TOKEN;
            } else if (!endless && written == asked.maxTokens()) {
                reason = FinishReason.LENGTH;
            } else if (asked.stopStrings().contains(letter(written))) {
                reason = FinishReason.STOP_STRING;
            }
            ready = reason == null;
            return ready;
        }

        @Override
        public TextChunk next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            ready = false;
            String text = letter(written);
            Integer top = asked.topLogProbabilities();
            List<Token.Alternative> others = new ArrayList<>();
            for (int i = 0; top != null && i < top; i++) {
                others.add(
                        new Token.Alternative(
                                i,
                                i == 1 ? "\uFFFD" : letter(written + i),
                                i == 2 ? Double.NEGATIVE_INFINITY : -0.5 - i));
            }
            written++;
            decoded.incrementAndGet();
            return new TextChunk(
                    text,
                    List.of(new Token(text.charAt(0), text, top == null ? null : -0.5, others)));
        }

        private String letter(int place) {
            long seed = asked.seed() == null ? 0 : asked.seed();
            return String.valueOf((char) ('a' + Math.floorMod(seed + place, 26)));
        }

        private static void await(Wait wait) {
            try {
                wait.run();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void cancel() {
            cancelled.countDown();
        }

        @Override
        public FinishReason finishReason() {
            if (reason == null) {
                throw new IllegalStateException("not ended");
            }
            return reason;
        }

        @Override
        public Statistics statistics() {
            return new Statistics(
                    prompt.length(),
                    written,
                    written,
                    Duration.ZERO,
                    Duration.ZERO,
                    Duration.ZERO,
                    new Statistics.Work(
                            prompt.length() - 1,
                            3 * written,
                            written,
                            written,
                            Duration.ZERO,
                            Duration.ZERO,
                            Duration.ZERO,
                            asked.effort().equals(EffortRequest.NONE) ? 0 : 8L * written,
                            asked.effort().equals(EffortRequest.NONE) ? 0 : 2L * written));
        }

        @Override
        public void close() {
            cancel();
            if (!isClosed) {
                isClosed = true;
                open.decrementAndGet();
                closed.release();
            }
        }
    }

    private interface Wait {
        void run() throws InterruptedException;
    }
}
