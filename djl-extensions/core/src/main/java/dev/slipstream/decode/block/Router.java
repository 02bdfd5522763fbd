package dev.slipstream.decode.block;

/** Decides for one request, step by step, whether a draft is verified. For one thread at a time. */
public interface Router {
    /**
     * Tells whether the draft's first span is to be verified.
     *
     * @param block before any prediction of the draft is kept, with one place at least that is not
     *     known
     * @param predictions the draft
     */
    boolean verifies(ActiveBlock block, Predictions predictions);

    /**
     * Learns what came of the last decision.
     *
     * @param tokens that were kept in that step, whoever chose them
     */
    default void learn(int tokens) {}
}
