package dev.slipstream.decode.block;

import java.util.BitSet;

/**
 * Keeps every prediction that is confident enough (Wu and others, Fast-dLLM, 2025), and the most
 * confident ones up to the number that a step has to. Easy text takes few runs, hard text as many
 * as {@link StaticUnmasking}.
 *
 * @param threshold from which confidence on a prediction is kept: 0 to 1, or at most 0 for {@link
 *     ConfidenceKind#NEGATIVE_ENTROPY}
 * @param kind of the confidence
 */
public record ConfidenceUnmasking(double threshold, ConfidenceKind kind) implements Unmasking {
    /** Checks the threshold. */
    public ConfidenceUnmasking {
        kind.checkThreshold(threshold);
    }

    /**
     * Constructs a rule by probabilities.
     *
     * @param threshold 0 to 1; 0.9 is usual
     */
    public ConfidenceUnmasking(double threshold) {
        this(threshold, ConfidenceKind.PROBABILITY);
    }

    @Override
    public BitSet choose(ActiveBlock block, Predictions predictions, int least) {
        BitSet chosen = new BitSet();
        int[] ranked = Ranking.of(block, place -> kind.of(predictions, place));
        for (int i = 0; i < ranked.length; i++) {
            if (i < least || kind.of(predictions, ranked[i]) >= threshold) {
                chosen.set(ranked[i]);
            }
        }
        return chosen;
    }
}
