package dev.slipstream.decode.draft;

/**
 * What a draft of n tokens costs: a fixed time and a time a token, fitted by least squares to the
 * drafts so far, of which old ones count less and less. Starts with free drafts, so that a drafter
 * gets its chance. Safe for use by many threads.
 */
final class DraftingCost {
    private static final double KEPT = 1 - 1.0 / 128;

    /** Holds the slope where it was while all drafts are of one length. */
    private static final double RIDGE = 0.25;

    /** A draft that took longer than this many times its expected time was disturbed. */
    private static final double MOST_SURPRISE = 4;

    private static final double START = 2;

    private double count = START;
    private double lengths;
    private double times;
    private double squares;
    private double products;
    private boolean warm;
    private volatile double fixed;
    private volatile double perToken;

    /** Returns the expected nanoseconds of a draft. */
    double nanos(int tokens) {
        return fixed + perToken * tokens;
    }

    /** Returns the expected nanoseconds of one more token. */
    double perToken() {
        return perToken;
    }

    /** Learns from a draft; not from the first, whose code and weights are cold. */
    synchronized void observe(int tokens, long nanos) {
        if (!warm) {
            warm = true;
            return;
        }
        boolean known = times > 0 && nanos(tokens) > 0;
        double time = known ? Math.min(nanos, MOST_SURPRISE * nanos(tokens)) : nanos;
        count = KEPT * count + 1;
        lengths = KEPT * lengths + tokens;
        times = KEPT * times + time;
        squares = KEPT * squares + (double) tokens * tokens;
        products = KEPT * products + tokens * time;
        double length = lengths / count;
        double mean = times / count;
        double variance = Math.max(0, squares / count - length * length);
        double covariance = products / count - length * mean;
        double slope = (covariance + RIDGE * perToken) / (variance + RIDGE);
        perToken = Math.max(0, length > 0 ? Math.min(slope, mean / length) : 0);
        fixed = Math.max(0, mean - perToken * length);
    }
}
