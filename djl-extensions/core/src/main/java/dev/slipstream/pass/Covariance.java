package dev.slipstream.pass;

import java.nio.FloatBuffer;

/**
 * Second moments of the activations that come into a product: the mean of {@code x x'} over tokens.
 * Takes 8 bytes for each pair of features.
 */
final class Covariance {
    private final int features;
    private final double[] sums;
    private long tokens;

    Covariance(int features) {
        this.features = features;
        this.sums = new double[features * features];
    }

    /** Adds tokens, {@code [tokens, features]}. */
    void add(FloatBuffer rows) {
        float[] row = new float[features];
        FloatBuffer source = rows.duplicate();
        while (source.hasRemaining()) {
            source.get(row);
            for (int i = 0; i < features; i++) {
                double x = row[i];
                int begin = i * features;
                for (int j = 0; j <= i; j++) {
                    sums[begin + j] += x * row[j];
                }
            }
            tokens++;
        }
    }

    /** Returns the symmetric matrix {@code [features, features]}, row-major. */
    double[] matrix() {
        double[] matrix = new double[sums.length];
        for (int i = 0; i < features; i++) {
            for (int j = 0; j <= i; j++) {
                double mean = sums[i * features + j] / Math.max(1, tokens);
                matrix[i * features + j] = mean;
                matrix[j * features + i] = mean;
            }
        }
        return matrix;
    }

    /** Returns the matrix of features that are equally strong and unrelated: no calibration. */
    static double[] identity(int features) {
        double[] matrix = new double[features * features];
        for (int i = 0; i < features; i++) {
            matrix[i * features + i] = 1;
        }
        return matrix;
    }
}
