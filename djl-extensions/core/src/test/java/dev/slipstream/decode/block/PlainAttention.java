package dev.slipstream.decode.block;

import java.util.Random;

/** A small random network of attention layers in which any row may see any other, in doubles. */
final class PlainAttention {
    private static final int SIZE = 8;

    private final double[][] embeddings;
    private final double[][] places;
    private final double[][][] weights;

    /** Constructs a network of three layers. */
    PlainAttention(int vocabulary, int most, Random random) {
        embeddings = matrix(vocabulary, random);
        places = matrix(most, random);
        weights = new double[3 * 4][][];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = matrix(SIZE, random);
        }
    }

    /** Returns the state of each row behind the last layer. */
    double[][] run(int[] tokens, int[] at, boolean[][] sees) {
        double[][] x = new double[tokens.length][SIZE];
        for (int row = 0; row < x.length; row++) {
            for (int i = 0; i < SIZE; i++) {
                x[row][i] = embeddings[tokens[row]][i] + places[at[row]][i];
            }
        }
        for (int layer = 0; layer < weights.length; layer += 4) {
            double[][] q = times(x, weights[layer]);
            double[][] k = times(x, weights[layer + 1]);
            double[][] v = times(x, weights[layer + 2]);
            double[][] next = new double[x.length][SIZE];
            for (int row = 0; row < x.length; row++) {
                double total = 0;
                for (int other = 0; other < x.length; other++) {
                    if (sees[row][other]) {
                        double weight = Math.exp(dot(q[row], k[other]) / SIZE);
                        total += weight;
                        for (int i = 0; i < SIZE; i++) {
                            next[row][i] += weight * v[other][i];
                        }
                    }
                }
                for (int i = 0; i < SIZE; i++) {
                    next[row][i] = x[row][i] + next[row][i] / total;
                }
            }
            double[][] mixed = times(next, weights[layer + 3]);
            for (int row = 0; row < x.length; row++) {
                for (int i = 0; i < SIZE; i++) {
                    x[row][i] = Math.tanh(next[row][i] + mixed[row][i]);
                }
            }
        }
        return x;
    }

    private static double[][] times(double[][] rows, double[][] matrix) {
        double[][] result = new double[rows.length][SIZE];
        for (int row = 0; row < rows.length; row++) {
            for (int i = 0; i < SIZE; i++) {
                result[row][i] = dot(rows[row], matrix[i]);
            }
        }
        return result;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < SIZE; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double[][] matrix(int rows, Random random) {
        double[][] result = new double[rows][SIZE];
        for (double[] row : result) {
            for (int i = 0; i < SIZE; i++) {
                row[i] = random.nextGaussian() / 2;
            }
        }
        return result;
    }
}
