package dev.slipstream.decode.draft.diffuse;

/** By what paths of different length are compared: one that ends the text is shorter. */
public enum PathScore {
    /**
     * Sum over the tokens, as printed in the paper. Every token lowers it, so that a path that ends
     * the text at once wins over most others.
     */
    SUM,
    /** Mean of the tokens. */
    MEAN;

    double of(double sum, int tokens) {
        return this == SUM ? sum : sum / tokens;
    }
}
