package dev.slipstream.decode.draft;

/**
 * What a draft of n tokens costs: a fixed time and a time a token, fitted by least squares to the
 * drafts so far, of which old ones count less and less. Starts with free drafts, so that a drafter
 * gets its chance. Safe for use by many threads.
 */
final class DraftingCost {
    private static final double KEPT = 1 - 1.0 / 64;

    /** Pulls the slope, where all drafts are of one length, to a time in proportion to it. */
    private static final double RIDGE = 0.25;

    private static final double MOST_SURPRISE = 4;

    private double count = 2;
    private double lengths;
    private double times;
    private double squares;
    private double products;
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

    /**
     * Learns from a draft.
     *
     * @param stepNanos of a plain step; a longer time than a quarter of it must come repeatedly to
     *     be believed
     */
    synchronized void observe(int tokens, long nanos, double stepNanos) {
        double most = Math.max(MOST_SURPRISE * nanos(tokens), stepNanos / MOST_SURPRISE);
        double time = Math.max(0, Math.min(nanos, most));
        count = KEPT * count + 1;
        lengths = KEPT * lengths + tokens;
        times = KEPT * times + time;
        squares = KEPT * squares + (double) tokens * tokens;
        products = KEPT * products + tokens * time;
        double length = lengths / count;
        double mean = times / count;
        double variance = Math.max(0, squares / count - length * length);
        double covariance = products / count - length * mean;
        double slope = (covariance + RIDGE * mean / (1 + length)) / (variance + RIDGE);
        slope = Math.max(0, length > 0 ? Math.min(slope, mean / length) : 0);
        perToken = slope;
        fixed = Math.max(0, mean - slope * length);
    }
}
