package dev.slipstream.blocks;

/** The blocks as loops in doubles. */
final class PlainBlocks {
    private PlainBlocks() {}

    static double[][] norm(double[][] x, double[] weight, double epsilon) {
        double[][] result = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            double squares = 0;
            for (double value : x[i]) {
                squares += value * value;
            }
            double root = Math.sqrt(squares / x[i].length + epsilon);
            result[i] = new double[x[i].length];
            for (int j = 0; j < x[i].length; j++) {
                result[i][j] = x[i][j] / root * weight[j];
            }
        }
        return result;
    }

    static double[][] multiply(double[][] x, double[][] matrix) {
        double[][] result = new double[x.length][matrix.length];
        for (int i = 0; i < x.length; i++) {
            for (int o = 0; o < matrix.length; o++) {
                for (int j = 0; j < x[i].length; j++) {
                    result[i][o] += x[i][j] * matrix[o][j];
                }
            }
        }
        return result;
    }

    static double[][] feedForward(
            double[][] x, double[][] gate, double[][] up, double[][] down, int width) {
        double[][] result = new double[x.length][down.length];
        double[][] open = multiply(x, gate);
        double[][] wide = multiply(x, up);
        for (int i = 0; i < x.length; i++) {
            for (int neuron = 0; neuron < width; neuron++) {
                double active =
                        open[i][neuron] / (1 + Math.exp(-open[i][neuron])) * wide[i][neuron];
                for (int o = 0; o < down.length; o++) {
                    result[i][o] += active * down[o][neuron];
                }
            }
        }
        return result;
    }

    /** Rows of queries, keys and values hold the heads side by side. */
    static double[][] attention(
            double[][] queries,
            double[][] keys,
            double[][] values,
            int heads,
            int keyValueHeads,
            int[] positions,
            boolean[][] mask,
            double theta) {
        int n = queries.length;
        int size = queries[0].length / heads;
        double[][] result = new double[n][heads * size];
        for (int head = 0; head < heads; head++) {
            int shared = head / (heads / keyValueHeads);
            for (int i = 0; i < n; i++) {
                double[] query = turned(queries[i], head * size, size, positions[i], theta);
                double[] weights = new double[n];
                double sum = 0;
                for (int j = 0; j < n; j++) {
                    if (mask[i][j]) {
                        double[] key = turned(keys[j], shared * size, size, positions[j], theta);
                        double score = 0;
                        for (int d = 0; d < size; d++) {
                            score += query[d] * key[d];
                        }
                        weights[j] = Math.exp(score / Math.sqrt(size));
                        sum += weights[j];
                    }
                }
                for (int j = 0; j < n; j++) {
                    for (int d = 0; d < size; d++) {
                        result[i][head * size + d] +=
                                weights[j] / sum * values[j][shared * size + d];
                    }
                }
            }
        }
        return result;
    }

    private static double[] turned(double[] row, int from, int size, int position, double theta) {
        double[] result = new double[size];
        for (int pair = 0; pair < size / 2; pair++) {
            double angle = position * Math.pow(theta, -2.0 * pair / size);
            double a = row[from + pair];
            double b = row[from + pair + size / 2];
            result[pair] = a * Math.cos(angle) - b * Math.sin(angle);
            result[pair + size / 2] = b * Math.cos(angle) + a * Math.sin(angle);
        }
        return result;
    }
}
