package dev.slipstream.decode;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The logits of one position after {@link LogitAdjustments penalties and bias}. What the model gave
 * is a float and stays one; adjusted logits are doubles. Of those a float is kept too, the nearest
 * one, by which tokens are found: rounding keeps the order, so of two tokens that with the lower
 * float is not the likelier one.
 */
final class RowScores {
    /** Beyond it the nearest float says too little of an adjusted logit. */
    private static final double ROUGH = 1e30;

    private final int vocabularySize;
    private final LogitAdjustments adjustments;
    private final LaneMaxima maxima;
    private final float[] values;

    /** By token; only those that were asked for, and the adjusted ones, are of this row. */
    private final double[] scores;

    /** In the order of {@link LogitAdjustments#token}. */
    private double[] adjusted = new double[64];

    /** A bit for each token, all clear between two calls. */
    private final long[] marks;

    private boolean rough;

    RowScores(LogitAdjustments adjustments, int vocabularySize) {
        this.adjustments = adjustments;
        this.vocabularySize = vocabularySize;
        maxima = new LaneMaxima(vocabularySize);
        values = new float[vocabularySize];
        scores = new double[vocabularySize];
        marks = new long[(vocabularySize + 63) / 64];
    }

    /** Reads a row; returns its highest float, which is NaN if a logit is. */
    float read(FloatBuffer row) {
        row.get(0, values, 0, vocabularySize);
        rough = false;
        boolean broken = adjust();
        maxima.read(values);
        return broken ? Float.NaN : maxima.highest();
    }

    private boolean adjust() {
        int count = adjustments.count();
        for (int i = 0; i < count; i++) {
            int token = adjustments.token(i);
            if (!(values[token] <= Float.MAX_VALUE)) {
                return true;
            }
            scores[token] = values[token];
        }
        adjustments.apply(scores);
        if (adjusted.length < count) {
            adjusted = new double[2 * count];
        }
        for (int i = 0; i < count; i++) {
            int token = adjustments.token(i);
            double score = scores[token];
            adjusted[i] = score;
            if (Math.abs(score) > ROUGH && score != Double.NEGATIVE_INFINITY) {
                rough = true;
                score = Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, score));
            }
            values[token] = (float) score;
        }
        return false;
    }

    int vocabularySize() {
        return vocabularySize;
    }

    LaneMaxima maxima() {
        return maxima;
    }

    LogitAdjustments adjustments() {
        return adjustments;
    }

    /** Tells whether some float is far from its score, so that only the order is to be trusted. */
    boolean isRough() {
        return rough;
    }

    /** Returns the nearest floats, by token. */
    float[] values() {
        return values;
    }

    /** Returns the score of an adjusted token, in the order of {@link LogitAdjustments#token}. */
    double adjusted(int index) {
        return adjusted[index];
    }

    /** Returns where {@link #find} and {@link #fill} leave scores, by token. */
    double[] scores() {
        return scores;
    }

    /** Lays the scores of a range of tokens into {@link #scores}. */
    void fill(int from, int to) {
        for (int i = from; i < to; i++) {
            scores[i] = values[i];
        }
        fillAdjusted();
    }

    /**
     * Finds the tokens whose float is at least this, in the order of their ids, and lays their
     * scores into {@link #scores}.
     *
     * @param into room for the vocabulary
     * @return how many there are
     */
    int find(float least, int[] into) {
        int hits = 0;
        for (int lane = 0; lane < maxima.count(); lane++) {
            hits += maxima.of(lane) >= least ? 1 : 0;
        }
        // Reading down a lane costs more for each token than reading along.
        int count = hits > maxima.count() / 4 ? findAlong(least, into) : findInLanes(least, into);
        for (int i = 0; i < count; i++) {
            scores[into[i]] = values[into[i]];
        }
        fillAdjusted();
        return count;
    }

    private int findAlong(float least, int[] into) {
        int count = 0;
        for (int token = 0; token < vocabularySize; token++) {
            if (values[token] >= least) {
                into[count++] = token;
            }
        }
        return count;
    }

    private int findInLanes(float least, int[] into) {
        int count = 0;
        for (int lane = 0; lane < maxima.count(); lane++) {
            if (maxima.of(lane) >= least) {
                for (int token = lane; token < vocabularySize; token += LaneMaxima.LANES) {
                    if (values[token] >= least) {
                        into[count++] = token;
                    }
                }
            }
        }
        sort(into, 0, count);
        return count;
    }

    /** As {@link Arrays#sort(int[], int, int)}, which allocates where there are many. */
    void sort(int[] tokens, int from, int to) {
        for (int i = from; i < to; i++) {
            marks[tokens[i] >>> 6] |= 1L << tokens[i];
        }
        int next = from;
        for (int word = 0; word < marks.length; word++) {
            for (long left = marks[word]; left != 0; left &= left - 1) {
                tokens[next++] = (word << 6) + Long.numberOfTrailingZeros(left);
            }
            marks[word] = 0;
        }
    }

    private void fillAdjusted() {
        for (int i = 0; i < adjustments.count(); i++) {
            scores[adjustments.token(i)] = adjusted[i];
        }
    }
}
