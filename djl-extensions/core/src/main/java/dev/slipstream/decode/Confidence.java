package dev.slipstream.decode;

import java.nio.FloatBuffer;

/**
 * The likeliest token of a position and its probability, without penalties, bias or temperature:
 * what a drafter wants of each of its tokens. One pass for the token and one for the sum of all
 * weights, both in vector instructions.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class Confidence {
    private final RowScores scores;
    private final SoftmaxSums sums;
    private int token;
    private double probability;

    /**
     * Constructs a reader of rows.
     *
     * @param vocabularySize number of logits that count, those of the lowest ids
     */
    public Confidence(int vocabularySize) {
        LogitAdjustments none =
                new LogitAdjustments(GenerationOptions.greedy(), vocabularySize, new int[0]);
        scores = new RowScores(none, vocabularySize);
        sums = new SoftmaxSums(scores, 1);
    }

    /**
     * Reads the logits of one position.
     *
     * @param row {@code float[vocabularySize]} or longer, read at absolute indices from 0
     */
    public void read(FloatBuffer row) {
        float highest = scores.read(row);
        boolean broken = !(Math.abs(highest) <= Float.MAX_VALUE);
        token = broken ? 0 : scores.maxima().first(row, highest);
        probability = !broken && sums.update(highest) ? 1 / sums.total() : 0;
    }

    /** Returns the token with the highest logit, of equal ones the lowest id. */
    public int token() {
        return token;
    }

    /**
     * Returns the token's probability, to 1e-9; 0 if that cannot be told: of logits of which one is
     * NaN or infinite, or beyond four million.
     */
    public double probability() {
        return probability;
    }
}
