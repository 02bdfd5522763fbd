package dev.slipstream.decode;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;

/** Turns token ids into text. */
@FunctionalInterface
interface TokenDecoder {
    /**
     * Decodes tokens as if they were a whole text.
     *
     * @param ids token ids
     * @param from the first one
     * @param to behind the last one
     * @return their text without special tokens; U+FFFD stands for bytes that are no character
     */
    String decode(int[] ids, int from, int to);

    /** Returns a decoder of a tokenizer, which the caller goes on owning. */
    static TokenDecoder of(HuggingFaceTokenizer tokenizer) {
        return (ids, from, to) -> {
            long[] tokens = new long[to - from];
            for (int i = from; i < to; i++) {
                tokens[i - from] = ids[i];
            }
            return tokenizer.decode(tokens, true);
        };
    }
}
