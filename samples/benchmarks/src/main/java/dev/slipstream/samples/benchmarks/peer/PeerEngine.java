package dev.slipstream.samples.benchmarks.peer;

import java.util.List;

/**
 * A library with a model loaded, as {@link PeerLoop} asks it. Every run begins with an empty
 * context and decodes greedily. What the library cannot do throws an {@link
 * UnsupportedOperationException} that says why in a few words.
 */
public interface PeerEngine extends AutoCloseable {
    /** Returns what tables call it, with its artifact and version. */
    String name();

    /** Returns the library's version. */
    String version();

    /**
     * Reads tokens and computes the logits of the last.
     *
     * @param tokens ids
     * @return seconds of all that
     */
    Timing prefill(int[] tokens) throws Exception;

    /**
     * Reads a prompt, then writes tokens past any end of the text.
     *
     * @param prompt ids, at least one
     * @param tokens steps to take after the first token
     * @return seconds of these steps, and seconds until the first token
     */
    Timing decode(int[] prompt, int tokens) throws Exception;

    /**
     * Goes on with a text, to its end or so many tokens.
     *
     * @param prompt the text
     * @param tokens the most to write
     * @return seconds from the first token to the last, seconds until the first, the text
     */
    Timing generate(String prompt, int tokens) throws Exception;

    /**
     * Goes on with several prompts at once, past any end of the text.
     *
     * @param prompts ids of each
     * @param tokens to write for each
     * @return seconds until the last one is done, and the tokens of all
     */
    Timing streams(List<int[]> prompts, int tokens) throws Exception;

    @Override
    void close();
}
