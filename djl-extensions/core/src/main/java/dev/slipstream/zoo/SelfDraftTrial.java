package dev.slipstream.zoo;

import dev.slipstream.decode.draft.VerificationCosts;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import java.time.Duration;

/**
 * Finds out, when a model is opened, whether drafting with a part of itself can pay on this
 * machine. The gates around that part cost time even where nothing is drafted (a seventh of a step
 * of a 7M model in int8, a fiftieth of a 135M one), so a model that cannot win by them is better
 * opened without.
 */
final class SelfDraftTrial {
    /**
     * Of drafted tokens, about what a good part of a model gets right (the storyteller: 0.64 to
     * 0.87).
     */
    private static final double HOPED_ACCEPTANCE = 0.8;

    /** Below this it was a loss where it was tried: 0.92 to 0.96 of plain decoding. */
    private static final double LEAST_GAIN = 1.3;

    private static final int MOST_DRAFTED = 8;
    private static final int DRAFTS = 16;
    private static final Duration BUDGET = Duration.ofMillis(250);

    private SelfDraftTrial() {}

    /**
     * Tells whether a model with gates can be faster than the same without.
     *
     * @param gated can draft
     * @param plain cannot
     */
    static boolean pays(DecoderModel gated, DecoderModel plain) {
        double step = VerificationCosts.measure(plain, BUDGET).nanos(1);
        VerificationCosts costs = VerificationCosts.measure(gated, BUDGET);
        return gain(costs, draftNanos(gated), step) >= LEAST_GAIN;
    }

    /**
     * Returns the speed of drafting, relative to plain decoding, at the best length.
     *
     * @param costs of verifications
     * @param draftNanos of a drafted token
     * @param step nanoseconds of a plain token
     */
    static double gain(VerificationCosts costs, double draftNanos, double step) {
        double best = 0;
        double tokens = 1;
        for (int drafted = 1; drafted <= MOST_DRAFTED; drafted++) {
            tokens += Math.pow(HOPED_ACCEPTANCE, drafted);
            double nanos = costs.nanos(drafted + 1) + drafted * draftNanos;
            best = Math.max(best, tokens * step / nanos);
        }
        return best;
    }

    private static double draftNanos(DecoderModel gated) {
        int[] tokens = new int[Math.min(DRAFTS, gated.contextLength())];
        double least = Double.POSITIVE_INFINITY;
        try (DecoderSession session = gated.newSession(tokens.length)) {
            for (int i = 0; i < tokens.length; i++) {
                long start = System.nanoTime();
                session.forward(tokens, i, i + 1, LogitRows.LAST, Depth.DRAFT);
                least = Math.min(least, System.nanoTime() - start);
            }
        }
        return least;
    }
}
