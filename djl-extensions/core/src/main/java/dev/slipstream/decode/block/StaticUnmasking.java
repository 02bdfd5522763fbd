package dev.slipstream.decode.block;

import java.util.BitSet;

/**
 * Keeps as many predictions as a step has to, the most confident ones: a block takes a number of
 * runs that is known before (Nie and others 2025). The slowest and most careful rule where a step
 * has to keep one.
 *
 * @param kind by what predictions are compared
 */
public record StaticUnmasking(ConfidenceKind kind) implements Unmasking {
    /** Constructs a rule that compares probabilities. */
    public StaticUnmasking() {
        this(ConfidenceKind.PROBABILITY);
    }

    @Override
    public BitSet choose(ActiveBlock block, Predictions predictions, int least) {
        BitSet chosen = new BitSet();
        int[] ranked = Ranking.of(block, place -> kind.of(predictions, place));
        for (int i = 0; i < Math.min(least, ranked.length); i++) {
            chosen.set(ranked[i]);
        }
        return chosen;
    }
}
