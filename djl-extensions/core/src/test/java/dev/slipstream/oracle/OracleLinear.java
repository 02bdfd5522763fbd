package dev.slipstream.oracle;

import org.jspecify.annotations.Nullable;

/**
 * {@code y = W x + b}.
 *
 * @param weight row-major {@code [outputs, inputs]}
 * @param bias {@code [outputs]}, or null for none
 * @param inputs length of x
 */
record OracleLinear(float[] weight, float @Nullable [] bias, int inputs) {
    double[] of(double[] x) {
        double[] y = new double[weight.length / inputs];
        for (int row = 0; row < y.length; row++) {
            double sum = bias == null ? 0 : bias[row];
            for (int i = 0; i < inputs; i++) {
                sum += weight[row * inputs + i] * x[i];
            }
            y[row] = sum;
        }
        return y;
    }

    OracleLinear rounded(int bits) {
        return new OracleLinear(PlainBlocks.rounded(weight, inputs, bits), bias, inputs);
    }
}
