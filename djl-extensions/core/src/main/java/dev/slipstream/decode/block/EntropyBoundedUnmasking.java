package dev.slipstream.decode.block;

import java.util.BitSet;

/**
 * Keeps the predictions of the lowest entropies as long as their sum without the largest is at most
 * a bound (Ben-Hamu and others, EB-Sampler, 2025), and at least as many as a step has to. That sum
 * bounds how far tokens that are drawn independently can be from ones that are drawn together.
 *
 * @param bound in nats, 0 or more; 0.1 is careful
 */
public record EntropyBoundedUnmasking(double bound) implements Unmasking {
    /** Checks the bound. */
    public EntropyBoundedUnmasking {
        if (!(bound >= 0 && bound < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("bound: expected 0 or more nats, found " + bound);
        }
    }

    @Override
    public BitSet choose(ActiveBlock block, Predictions predictions, int least) {
        BitSet chosen = new BitSet();
        double[] entropies = predictions.entropies();
        int[] ranked = Ranking.of(block, place -> -entropies[place]);
        // They come in rising order: the largest is the newest, the sum that of those before.
        double sumOfOthers = 0;
        for (int i = 0; i < ranked.length; i++) {
            if (i >= least && sumOfOthers > bound) {
                break;
            }
            chosen.set(ranked[i]);
            sumOfOthers += entropies[ranked[i]];
        }
        return chosen;
    }
}
