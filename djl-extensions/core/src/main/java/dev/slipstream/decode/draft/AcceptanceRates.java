package dev.slipstream.decode.draft;

import org.jspecify.annotations.Nullable;

/**
 * How often drafted tokens stay, by the drafter's confidence in them: drafters know which of their
 * tokens are better, but not how good those are for this target and this text. A token counts if
 * those before it stayed. Safe for use by many threads.
 */
final class AcceptanceRates {
    private static final double[] EDGES = {0, 0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9, 0.97};

    /** Confidences of one bucket are taken as the same. */
    static final int BUCKETS = EDGES.length;

    private final double[] trials = new double[BUCKETS];
    private final double[] accepted = new double[BUCKETS];
    private final @Nullable AcceptanceRates before;
    private final double weight;

    /**
     * Constructs rates without trials.
     *
     * @param before rates to start from; null starts from the drafter's confidence, raised a bit
     * @param weight of the start, in trials
     */
    AcceptanceRates(@Nullable AcceptanceRates before, double weight) {
        this.before = before;
        this.weight = weight;
    }

    static int bucket(double confidence) {
        int bucket = 0;
        while (bucket + 1 < BUCKETS && confidence >= EDGES[bucket + 1]) {
            bucket++;
        }
        return bucket;
    }

    /** Returns the least confidence in a bucket. */
    static double edge(int bucket) {
        return EDGES[bucket];
    }

    /** Returns the rate of each bucket, 0 to 1. */
    double[] rates() {
        double[] result = before == null ? new double[BUCKETS] : before.rates();
        synchronized (this) {
            for (int i = 0; i < BUCKETS; i++) {
                double start = before == null ? guess(i) : result[i];
                result[i] = (accepted[i] + weight * start) / (trials[i] + weight);
            }
        }
        return result;
    }

    synchronized void add(int bucket, Outcome outcome) {
        trials[bucket]++;
        accepted[bucket] += outcome == Outcome.ACCEPTED ? 1 : 0;
    }

    /** Lets what was learned about a bucket count less from now on. */
    synchronized void fade(int bucket, double kept) {
        trials[bucket] *= kept;
        accepted[bucket] *= kept;
    }

    private static double guess(int bucket) {
        double end = bucket + 1 < BUCKETS ? EDGES[bucket + 1] : 1;
        return 0.25 + 0.75 * (EDGES[bucket] + end) / 2;
    }

    /** What became of a token. */
    enum Outcome {
        ACCEPTED,
        REJECTED
    }
}
