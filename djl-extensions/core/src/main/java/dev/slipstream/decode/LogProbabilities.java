package dev.slipstream.decode;

import java.nio.FloatBuffer;

/**
 * The model's own log-probabilities at one position: natural logarithm of the softmax of the raw
 * logits, before any knob. Sums are in double precision. Reads the buffer when asked, so it serves
 * only until the next run of the model.
 */
final class LogProbabilities {
    private final FloatBuffer row;
    private final int vocabularySize;
    private final double highest;

    /** Logarithm of the sum of exponentials, relative to the highest logit. */
    private final double logSum;

    /**
     * Passes over the row once.
     *
     * @param row {@code float[vocabularySize]}, read at absolute indices from 0; at least one logit
     *     is finite, none is NaN
     */
    LogProbabilities(FloatBuffer row, int vocabularySize) {
        this.row = row;
        this.vocabularySize = vocabularySize;
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < vocabularySize; i++) {
            largest = Math.max(largest, row.get(i));
        }
        highest = largest;
        double sum = 0;
        for (int i = 0; i < vocabularySize; i++) {
            sum += Math.exp(row.get(i) - highest);
        }
        logSum = Math.log(sum);
    }

    /** Returns the log-probability of a token; negative infinity if the model rules it out. */
    double of(int token) {
        return row.get(token) - highest - logSum;
    }

    /** Returns the n likeliest tokens, likeliest first, of equal ones the lower id first. */
    int[] top(int n) {
        int[] top = new int[Math.min(n, vocabularySize)];
        int size = 0;
        for (int token = 0; token < vocabularySize; token++) {
            float logit = row.get(token);
            if (size == top.length && (size == 0 || !(logit > row.get(top[size - 1])))) {
                continue;
            }
            int place = size == top.length ? size - 1 : size++;
            for (; place > 0 && logit > row.get(top[place - 1]); place--) {
                top[place] = top[place - 1];
            }
            top[place] = token;
        }
        return top;
    }
}
