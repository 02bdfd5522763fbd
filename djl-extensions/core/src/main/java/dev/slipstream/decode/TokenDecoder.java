package dev.slipstream.decode;

/** Turns token ids into text. */
@FunctionalInterface
public interface TokenDecoder {
    /**
     * Decodes tokens as if they were a whole text.
     *
     * @param ids token ids
     * @param from the first one
     * @param to behind the last one
     * @return their text without special tokens; U+FFFD stands for bytes that are no character
     */
    String decode(int[] ids, int from, int to);
}
