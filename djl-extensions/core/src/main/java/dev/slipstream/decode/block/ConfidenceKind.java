package dev.slipstream.decode.block;

/** By what a predicted token is called confident. */
public enum ConfidenceKind {
    /** The token's own probability, 0 to 1. */
    PROBABILITY,

    /**
     * The probability of the likeliest token minus that of the second, 0 to 1: low where two
     * compete. It is the place's, whichever token was drawn.
     */
    MARGIN,

    /**
     * Minus the entropy of the place's distribution, in nats, at most 0: low where many compete.
     */
    NEGATIVE_ENTROPY;

    /** Returns the confidence of a place. */
    double of(Predictions predictions, int place) {
        return switch (this) {
            case PROBABILITY -> predictions.confidences()[place];
            case MARGIN -> predictions.margins()[place];
            case NEGATIVE_ENTROPY -> -predictions.entropies()[place];
        };
    }

    /** Refuses a threshold that says nothing: no confidence of this kind is beyond it. */
    void checkThreshold(double threshold) {
        double lowest = this == NEGATIVE_ENTROPY ? Double.NEGATIVE_INFINITY : 0;
        double highest = this == NEGATIVE_ENTROPY ? 0 : 1;
        if (!(threshold >= lowest && threshold <= highest)) {
            throw new IllegalArgumentException(
                    "threshold: expected %s to %s for %s, found %s"
                            .formatted(lowest, highest, this, threshold));
        }
    }
}
