package dev.slipstream.decode.block;

import java.util.Arrays;

/** Predictions and blocks as tests plan them. */
final class Drafts {
    /** The mask of all planned blocks. */
    static final int MASK = 999;

    private Drafts() {}

    /** Returns predictions with these confidences; the rest is 0. */
    static Predictions confident(int[] tokens, double... confidences) {
        int places = tokens.length;
        return new Predictions(
                tokens, confidences, new double[places], new double[places], new double[places]);
    }

    /** Returns predictions of token 0 with these confidences. */
    static Predictions confident(double... confidences) {
        return confident(new int[confidences.length], confidences);
    }

    /** Returns predictions with these entropies. */
    static Predictions uncertain(double... entropies) {
        int places = entropies.length;
        return new Predictions(
                new int[places],
                new double[places],
                entropies,
                new double[places],
                new double[places]);
    }

    /** Returns a block of which these places are known, as token 1. */
    static ActiveBlock block(int length, int... known) {
        ActiveBlock block = new ActiveBlock(length, MASK);
        for (int place : known) {
            block.commit(place, 1);
        }
        return block;
    }

    /** Returns a row of equal numbers. */
    static double[] all(int count, double value) {
        double[] row = new double[count];
        Arrays.fill(row, value);
        return row;
    }
}
