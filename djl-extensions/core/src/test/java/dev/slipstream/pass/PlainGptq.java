package dev.slipstream.pass;

/**
 * The optimal brain quantiser that GPTQ makes fast, written as its update rule: the inverse of the
 * moments is kept whole, and a column that is rounded is eliminated from it.
 */
final class PlainGptq {
    private static final int BLOCK = 32;

    private PlainGptq() {}

    /** Rounds one row; returns the rounded values. */
    static float[] rounded(float[] row, double[] moments) {
        int in = row.length;
        double[] weights = new double[in];
        for (int i = 0; i < in; i++) {
            weights[i] = row[i];
        }
        double[][] inverse = inverse(damped(moments, in));
        float[] rounded = new float[in];
        for (int from = 0; from < in; from += BLOCK) {
            int to = Math.min(in, from + BLOCK);
            float best = 0;
            double least = Double.POSITIVE_INFINITY;
            for (float scale : candidates(weights, from, to)) {
                double lost = run(weights.clone(), copy(inverse), from, to, scale, new float[in]);
                if (lost < least) {
                    least = lost;
                    best = scale;
                }
            }
            run(weights, inverse, from, to, best, rounded);
        }
        return rounded;
    }

    private static double run(
            double[] w, double[][] inverse, int from, int to, float scale, float[] rounded) {
        double lost = 0;
        for (int i = from; i < to; i++) {
            double step = Math.floor(w[i] / scale + 0.5);
            double value = scale * Math.min(7, Math.max(-8, step));
            rounded[i] = (float) value;
            double pivot = inverse[i][i];
            double error = (w[i] - value) / pivot;
            lost += (w[i] - value) * error;
            double[] row = inverse[i].clone();
            for (int j = i + 1; j < w.length; j++) {
                w[j] -= error * row[j];
                for (int k = i + 1; k < w.length; k++) {
                    inverse[j][k] -= row[j] * row[k] / pivot;
                }
            }
        }
        return lost;
    }

    /** From half of the block's extreme to 1.1 of it at either end of the steps. */
    private static float[] candidates(double[] weights, int from, int to) {
        double extreme = 0;
        for (int i = from; i < to; i++) {
            extreme = Math.abs(weights[i]) > Math.abs(extreme) ? weights[i] : extreme;
        }
        float[] scales = new float[26];
        for (int i = 0; i < 13; i++) {
            scales[2 * i] = (float) (extreme * (0.5 + 0.05 * i) / -8);
            scales[2 * i + 1] = (float) (extreme * (0.5 + 0.05 * i) / 7);
        }
        return scales;
    }

    private static double[][] damped(double[] moments, int in) {
        double[][] damped = new double[in][in];
        double trace = 0;
        for (int i = 0; i < in; i++) {
            trace += moments[i * in + i];
        }
        for (int i = 0; i < in; i++) {
            for (int j = 0; j < in; j++) {
                damped[i][j] = moments[i * in + j] + (i == j ? 0.01 * trace / in : 0);
            }
        }
        return damped;
    }

    private static double[][] inverse(double[][] a) {
        int n = a.length;
        double[][] inverse = new double[n][n];
        for (int i = 0; i < n; i++) {
            inverse[i][i] = 1;
        }
        for (int i = 0; i < n; i++) {
            double pivot = a[i][i];
            for (int k = 0; k < n; k++) {
                a[i][k] /= pivot;
                inverse[i][k] /= pivot;
            }
            for (int j = 0; j < n; j++) {
                double factor = a[j][i];
                for (int k = 0; k < n && j != i; k++) {
                    a[j][k] -= factor * a[i][k];
                    inverse[j][k] -= factor * inverse[i][k];
                }
            }
        }
        return inverse;
    }

    private static double[][] copy(double[][] matrix) {
        double[][] copy = new double[matrix.length][];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = matrix[i].clone();
        }
        return copy;
    }
}
