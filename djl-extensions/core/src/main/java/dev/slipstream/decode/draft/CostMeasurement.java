package dev.slipstream.decode.draft;

import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Measures what runs of few rows cost: every size once, those first that decide the most, then in
 * turn again, and of each the least time, until the budget is used up. Sizes take turns so that a
 * disturbance does not fall on one of them alone.
 */
final class CostMeasurement {
    /** What is measured. */
    interface Runs {
        /** Runs new tokens and keeps them. */
        void extend(int rows);

        /** Runs new tokens; {@link #rewind} comes next. */
        void run(int rows);

        /** Forgets what {@link #run} ran. */
        void rewind();
    }

    private static final int[] ORDER = {1, 2, 4, 8, 16, 3, 32, 6, 12, 24};
    private static final int PIECE = 16;
    private static final int MOST_ROUNDS = 30;

    private final Runs runs;
    private final LongSupplier clock;
    private final long start;
    private final long budget;

    CostMeasurement(Runs runs, LongSupplier clock, long budgetNanos) {
        this.runs = runs;
        this.clock = clock;
        this.budget = budgetNanos;
        this.start = clock.getAsLong();
    }

    /**
     * Returns nanoseconds by rows.
     *
     * @param past tokens to read before, if a quarter of the budget suffices for them
     * @param mostRows the largest size to try
     */
    SortedMap<Integer, Double> measure(int past, int mostRows) {
        // At least one, which also wakes the model up.
        for (int read = 0; read < past && (read == 0 || spent() < budget / 4); ) {
            int piece = Math.min(PIECE, past - read);
            runs.extend(piece);
            read += piece;
        }
        TreeMap<Integer, Double> least = new TreeMap<>();
        long longest = 0;
        for (int rows : ORDER) {
            boolean affordable = spent() + 2 * longest <= budget;
            if (rows <= mostRows && (rows <= 2 || affordable)) {
                long before = spent();
                time(rows, least);
                longest = Math.max(longest, spent() - before);
            }
        }
        for (int round = 1; round < MOST_ROUNDS; round++) {
            for (int rows : least.navigableKeySet().toArray(Integer[]::new)) {
                if (spent() + longest > budget) {
                    return least;
                }
                time(rows, least);
            }
        }
        return least;
    }

    private void time(int rows, TreeMap<Integer, Double> least) {
        long before = clock.getAsLong();
        runs.run(rows);
        double nanos = Math.max(1, clock.getAsLong() - before);
        runs.rewind();
        least.merge(rows, nanos, Math::min);
    }

    private long spent() {
        return clock.getAsLong() - start;
    }
}
