package dev.slipstream.decode;

import dev.slipstream.runtime.DecoderModel;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All that a decoder loop needs of one model; closing it frees the model and its tokenizer.
 *
 * @param name of the model
 * @param decoder runs the graph
 * @param tokenizer text to ids and back
 * @param template the model's chat template; null for a story-teller
 * @param defaults options that the model's files recommend
 * @param beginToken the id that begins a text; null if the model has none
 * @param endTokens ids that end a text
 * @param efforts how much of the model requests may have computed
 */
public record LanguageModel(
        String name,
        DecoderModel decoder,
        Tokenizer tokenizer,
        @Nullable ChatTemplate template,
        GenerationOptions defaults,
        @Nullable Integer beginToken,
        Set<Integer> endTokens,
        EffortLevels efforts)
        implements AutoCloseable {
    /** Copies the set. */
    public LanguageModel {
        endTokens = Set.copyOf(endTokens);
    }

    /**
     * Constructs a model that offers the levels of effort that follow from its gates.
     *
     * @param name of the model
     * @param decoder runs the graph
     * @param tokenizer text to ids and back
     * @param template the model's chat template; null for a story-teller
     * @param defaults options that the model's files recommend
     * @param beginToken the id that begins a text; null if the model has none
     * @param endTokens ids that end a text
     */
    public LanguageModel(
            String name,
            DecoderModel decoder,
            Tokenizer tokenizer,
            @Nullable ChatTemplate template,
            GenerationOptions defaults,
            @Nullable Integer beginToken,
            Set<Integer> endTokens) {
        this(
                name,
                decoder,
                tokenizer,
                template,
                defaults,
                beginToken,
                endTokens,
                new EffortLevels(decoder));
    }

    /**
     * Returns the most tokens that a request's session holds: all but the last one of the text are
     * read.
     *
     * @param scratch tokens that a run writes behind the text beside
     */
    public int capacity(Prompt prompt, GenerationOptions options, int scratch) {
        return (int)
                Math.min(
                        decoder.contextLength(),
                        (long) prompt.length() + options.maxTokens() + scratch);
    }

    @Override
    public void close() {
        try (tokenizer) {
            decoder.close();
        }
    }
}
