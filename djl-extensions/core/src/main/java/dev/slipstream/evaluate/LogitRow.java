package dev.slipstream.evaluate;

import java.nio.FloatBuffer;

/** The logits of one position as a distribution over the vocabulary. */
final class LogitRow {
    private float[] values = {};
    private int likeliest;
    private double logSum;

    /**
     * Reads a row.
     *
     * @param logits of one position, from position to limit; not changed
     * @param index of the token that is foretold, for messages
     * @throws IllegalStateException if the logits are not numbers
     */
    LogitRow read(FloatBuffer logits, int index) {
        int size = logits.remaining();
        if (values.length != size) {
            values = new float[size];
        }
        logits.get(logits.position(), values);
        likeliest = 0;
        for (int i = 1; i < size; i++) {
            likeliest = values[i] > values[likeliest] ? i : likeliest;
        }
        double sum = 0;
        for (float value : values) {
            sum += Math.exp(value - values[likeliest]);
        }
        logSum = values[likeliest] + Math.log(sum);
        if (!Double.isFinite(logSum)) {
            throw new IllegalStateException(
                    "the model's logits before token %d of the text are not numbers; try other weights"
                            .formatted(index));
        }
        return this;
    }

    /** Returns the token with the highest logit, the first of equal ones. */
    int likeliest() {
        return likeliest;
    }

    /** Returns the negative natural log-probability of a token. */
    double surprise(int token) {
        return logSum - values[token];
    }

    /**
     * Returns the Kullback-Leibler divergence of another row from this one, in nats: what it costs
     * to expect the other's distribution where this one's is true.
     */
    double divergence(LogitRow other) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            double own = values[i] - logSum;
            // A probability of zero adds nothing, whatever the other says.
            if (own > Double.NEGATIVE_INFINITY) {
                sum += Math.exp(own) * (own - (other.values[i] - other.logSum));
            }
        }
        // Rounding leaves equal distributions a hair below zero.
        return Math.max(0, sum);
    }
}
