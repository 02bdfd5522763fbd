package dev.slipstream.decode;

import dev.slipstream.runtime.EncoderModel;
import java.util.Arrays;
import java.util.List;

/**
 * All that embedding texts needs of one model; closing it frees the model and its tokenizer. Safe
 * for use by many threads.
 *
 * @param name of the model
 * @param encoder runs the graph
 * @param tokenizer text to ids
 * @param maxTokens the most tokens of a text, special ones included, at least 2
 */
public record SentenceEncoder(String name, EncoderModel encoder, Tokenizer tokenizer, int maxTokens)
        implements AutoCloseable {
    /** Checks the range. */
    public SentenceEncoder {
        if (maxTokens < 2) {
            throw new IllegalArgumentException("maxTokens: expected 2 or more, found " + maxTokens);
        }
    }

    /**
     * Embeds texts.
     *
     * @param texts any; of one that is too long the end is left out
     * @return one vector a text, each of length 1: the product of two is their cosine
     */
    public float[][] embed(List<String> texts) {
        return encoder.embed(texts.stream().map(this::tokens).toList());
    }

    /**
     * Returns a text's token ids as the encoder reads them, special tokens included.
     *
     * @param text any; cut where it is too long, its last token, {@code [SEP]}, kept
     */
    public int[] tokens(String text) {
        return tokens(text, tokenizer, maxTokens);
    }

    /**
     * Returns a text's token ids as an encoder reads them, without one that is open.
     *
     * @param text any
     * @param tokenizer of the encoder
     * @param maxTokens the most tokens, special ones included
     */
    public static int[] tokens(String text, Tokenizer tokenizer, int maxTokens) {
        int[] tokens = tokenizer.encode(text, Tokenizer.SpecialTokens.ADD);
        if (tokens.length <= maxTokens) {
            return tokens;
        }
        int[] cut = Arrays.copyOf(tokens, maxTokens);
        cut[maxTokens - 1] = tokens[tokens.length - 1];
        return cut;
    }

    @Override
    public void close() {
        try (tokenizer) {
            encoder.close();
        }
    }
}
