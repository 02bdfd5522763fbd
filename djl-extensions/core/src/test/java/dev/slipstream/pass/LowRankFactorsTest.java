package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against plain sums over the inputs themselves. */
class LowRankFactorsTest {
    private static final int TOKENS = 400;

    @ParameterizedTest
    @CsvSource({"24,40,1", "40,24,2", "32,32,3", "64,20,4"})
    void losesTheEnergyThatItSaysAndLessThanADecompositionThatIgnoresTheInputs(
            int out, int in, long seed) {
        Random random = new Random(seed);
        float[] w = gaussians(random, out * in);
        float[] x = correlated(random, in);
        LowRankFactors aware = LowRankFactors.of(w, out, in, moments(x, in));
        LowRankFactors plain = LowRankFactors.of(w, out, in, identity(in));
        for (int rank : new int[] {1, 4, 12, Math.min(out, in)}) {
            double lost = lost(w, aware, rank, x, out, in);
            assertThat(lost)
                    .as("seed %d rank %d", seed, rank)
                    .isCloseTo(aware.lost(rank), within(0.01));
            if (rank < Math.min(out, in)) {
                assertThat(lost).isLessThan(lost(w, plain, rank, x, out, in));
            } else {
                assertThat(lost).isLessThan(1e-9);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"48,32,7", "32,48,8"})
    void findsAPlantedRank(int out, int in, long seed) {
        Random random = new Random(seed);
        float[] u = gaussians(random, out * 5);
        float[] v = gaussians(random, 5 * in);
        float[] w = product(u, v, out, 5, in);
        LowRankFactors factors = LowRankFactors.of(w, out, in, moments(correlated(random, in), in));
        assertThat(factors.lost(5)).as("seed %d", seed).isLessThan(1e-9);
        assertThat(factors.lost(4)).isGreaterThan(1e-4);
        float[] again = product(factors.outer(5), factors.inner(5, w), out, 5, in);
        for (int i = 0; i < w.length; i++) {
            assertThat(again[i]).isCloseTo(w[i], within(1e-3f));
        }
    }

    private static double lost(
            float[] w, LowRankFactors factors, int rank, float[] x, int out, int in) {
        float[] approximate = product(factors.outer(rank), factors.inner(rank, w), out, rank, in);
        double error = 0;
        double all = 0;
        for (int t = 0; t < TOKENS; t++) {
            for (int o = 0; o < out; o++) {
                double exact = 0;
                double other = 0;
                for (int i = 0; i < in; i++) {
                    exact += (double) w[o * in + i] * x[t * in + i];
                    other += (double) approximate[o * in + i] * x[t * in + i];
                }
                error += (exact - other) * (exact - other);
                all += exact * exact;
            }
        }
        return error / all;
    }

    /** Inputs with a few strong directions, as activations have. */
    private static float[] correlated(Random random, int in) {
        float[] mix = gaussians(random, in * in);
        float[] x = new float[TOKENS * in];
        for (int t = 0; t < TOKENS; t++) {
            float[] source = gaussians(random, in);
            for (int i = 0; i < in; i++) {
                double sum = 0;
                for (int j = 0; j < in; j++) {
                    sum += mix[i * in + j] * source[j] / (1 + j);
                }
                x[t * in + i] = (float) sum;
            }
        }
        return x;
    }

    private static double[] moments(float[] x, int in) {
        double[] moments = new double[in * in];
        for (int t = 0; t < x.length; t += in) {
            for (int i = 0; i < in; i++) {
                for (int j = 0; j < in; j++) {
                    moments[i * in + j] += (double) x[t + i] * x[t + j];
                }
            }
        }
        return moments;
    }

    private static double[] identity(int in) {
        double[] moments = new double[in * in];
        for (int i = 0; i < in; i++) {
            moments[i * in + i] = 1;
        }
        return moments;
    }

    private static float[] gaussians(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static float[] product(float[] a, float[] b, int rows, int inner, int columns) {
        float[] result = new float[rows * columns];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                double sum = 0;
                for (int k = 0; k < inner; k++) {
                    sum += (double) a[r * inner + k] * b[k * columns + c];
                }
                result[r * columns + c] = (float) sum;
            }
        }
        return result;
    }
}
