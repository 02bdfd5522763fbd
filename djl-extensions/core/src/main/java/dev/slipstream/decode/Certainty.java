package dev.slipstream.decode;

import java.nio.FloatBuffer;

/**
 * How sure a model is of one position: entropy, margin, and the probability of any token, all by
 * the model's own distribution (temperature 1, no penalties, nothing cut off). One pass over the
 * row, in vector instructions; sums are good to 1e-9.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class Certainty {
    private final int vocabularySize;
    private final float[] values;
    private final float[] near;
    private final double[] terms;
    private final double[] products;
    private final LaneMaxima maxima;
    private double highest;
    private double second;
    private double total;
    private double entropy;
    private double collision;

    /**
     * Constructs a reader of rows.
     *
     * @param vocabularySize number of logits of a row
     */
    public Certainty(int vocabularySize) {
        this.vocabularySize = vocabularySize;
        values = new float[vocabularySize];
        near = new float[Math.min(SoftmaxSums.GROUP, vocabularySize)];
        terms = new double[near.length];
        products = new double[near.length];
        maxima = new LaneMaxima(vocabularySize);
    }

    /**
     * Reads the logits of one position.
     *
     * @param row {@code float[vocabularySize]} or longer, read at absolute indices from 0, the
     *     highest a finite number; negative infinity rules a token out
     */
    public void read(FloatBuffer row) {
        row.get(0, values, 0, vocabularySize);
        maxima.read(values);
        highest = maxima.highest();
        second = second();
        double sum = 0;
        double weighted = 0;
        double squares = 0;
        float least = (float) (highest - SoftmaxSums.FAR);
        for (int from = 0; from < vocabularySize; from += near.length) {
            int count = Math.min(near.length, vocabularySize - from);
            System.arraycopy(values, from, near, 0, count);
            SoftmaxSums.raise(near, count, least);
            SoftmaxSums.scale(near, count, highest, 1.0 / 256, terms);
            SoftmaxSums.exponentiate(terms, count);
            // Before the terms themselves: adding up overwrites them.
            multiply(products, terms, near, count, highest);
            weighted += sum(products, count);
            square(products, terms, count);
            squares += sum(products, count);
            sum += sum(terms, count);
        }
        total = sum;
        entropy = Math.max(0, Math.log(sum) - weighted / sum);
        collision = squares / sum / sum;
    }

    /** Returns the probability of a token. */
    public double probability(int token) {
        return Math.exp(values[token] - highest) / total;
    }

    /** Returns the entropy, in nats. */
    public double entropy() {
        return entropy;
    }

    /** Returns the probability of the likeliest token minus that of the second. */
    public double margin() {
        return (1 - Math.exp(second - highest)) / total;
    }

    /** Returns the sum of all squared probabilities. */
    public double collision() {
        return collision;
    }

    /** Only in the lane of the highest can a logit that is no lane's maximum be the second. */
    private double second() {
        float best = Float.NEGATIVE_INFINITY;
        boolean found = false;
        for (int lane = 0; lane < maxima.count(); lane++) {
            float of = maxima.of(lane);
            if (of == highest && !found) {
                found = true;
                best = Math.max(best, secondIn(lane));
            } else {
                best = Math.max(best, of);
            }
        }
        return best;
    }

    private float secondIn(int lane) {
        float best = Float.NEGATIVE_INFINITY;
        boolean found = false;
        for (int token = lane; token < vocabularySize; token += LaneMaxima.LANES) {
            if (values[token] == highest && !found) {
                found = true;
            } else {
                best = Math.max(best, values[token]);
            }
        }
        return best;
    }

    private static void multiply(
            double[] to, double[] terms, float[] logits, int count, double highest) {
        for (int i = 0; i < count; i++) {
            to[i] = terms[i] * (logits[i] - highest);
        }
    }

    private static void square(double[] to, double[] terms, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = terms[i] * terms[i];
        }
    }

    private static double sum(double[] terms, int count) {
        return count == SoftmaxSums.GROUP ? SoftmaxSums.fold(terms) : SoftmaxSums.add(terms, count);
    }
}
