package dev.slipstream.evaluate;

/**
 * The price and the gain of a candidate.
 *
 * @param nats lost a token; below zero if none but a gain
 * @param ratio of its rate of decoding to the original's
 */
record Worth(double nats, double ratio) {
    /** The untouched model. */
    static final Worth ORIGINAL = new Worth(0, 1);

    /** Tells whether this is at least as good in both and better in one. */
    boolean dominates(Worth other) {
        return nats <= other.nats
                && ratio >= other.ratio
                && (nats < other.nats || ratio > other.ratio);
    }

    /**
     * Returns what to expect of both at once: each removes its share of the time that the other
     * left, and loses what it loses alone.
     */
    Worth and(Worth other) {
        return new Worth(nats + other.nats, ratio * other.ratio);
    }
}
