package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.QuantizedMatrix;
import dev.slipstream.oracle.PlainBlocks;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GptqTest {
    private static final int OUT = 7;
    private static final Offset<Float> NEAR = within(1e-6f);

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 32, 40, 64, 100})
    void agreesWithTheRuleThatItMakesFast(int in) {
        Random random = new Random(in);
        double[] moments = moments(random, in, 3 * in);
        float[] weight = normal(random, OUT * in);
        QuantizedMatrix found = new Gptq(moments, in).round(weight);
        for (int row = 0; row < OUT; row++) {
            float[] own = Arrays.copyOfRange(weight, row * in, row * in + in);
            assertThat(found.row(row))
                    .as("row %d of %d columns", row, in)
                    .containsExactly(PlainGptq.rounded(own, moments), NEAR);
        }
    }

    @Test
    void leavesLessOutputErrorThanRoundingToNearest() {
        for (long seed = 0; seed < 10; seed++) {
            Random random = new Random(seed);
            int in = 33 + random.nextInt(100);
            double[] moments = moments(random, in, 2 * in);
            float[] weight = normal(random, OUT * in);
            QuantizedMatrix found = new Gptq(moments, in).round(weight);
            float[] nearest = PlainBlocks.rounded(weight, in, 4);
            double searched = 0;
            double plain = 0;
            for (int row = 0; row < OUT; row++) {
                searched += error(weight, row, found.row(row), moments);
                plain +=
                        error(
                                weight,
                                row,
                                Arrays.copyOfRange(nearest, row * in, row * in + in),
                                moments);
            }
            assertThat(searched).as("seed %d, %d columns", seed, in).isLessThan(0.6 * plain);
        }
    }

    /** Where nothing is known of the inputs, every weight counts alike. */
    @Test
    void searchesScalesAloneWhereTheInputsAreZero() {
        int in = 64;
        float[] weight = normal(new Random(4), OUT * in);
        QuantizedMatrix found = new Gptq(new double[in * in], in).round(weight);
        double[] identity = new double[in * in];
        for (int i = 0; i < in; i++) {
            identity[i * in + i] = 1;
        }
        QuantizedMatrix blind = new Gptq(in).round(weight);
        float[] nearest = PlainBlocks.rounded(weight, in, 4);
        for (int row = 0; row < OUT; row++) {
            assertThat(blind.row(row)).containsExactly(found.row(row));
            float[] plain = Arrays.copyOfRange(nearest, row * in, row * in + in);
            assertThat(error(weight, row, found.row(row), identity))
                    .isLessThanOrEqualTo(error(weight, row, plain, identity));
        }
    }

    @Test
    void keepsZerosAndFeaturesThatNeverCome() {
        int in = 64;
        Random random = new Random(5);
        double[] moments = moments(random, in, 100);
        for (int i = 0; i < in; i++) {
            moments[i * in + 3] = 0;
            moments[3 * in + i] = 0;
        }
        float[] weight = normal(random, OUT * in);
        Arrays.fill(weight, 0, 32, 0);
        float[] row = new Gptq(moments, in).round(weight).row(0);
        for (float value : row) {
            assertThat(value).isFinite();
        }
        assertThat(Arrays.copyOf(row, 32)).containsOnly(0);
    }

    /** Two features of thousands whose sums were rounded: no positive matrix. */
    @Test
    void roundsWhereRoundedMomentsAreNotPositive() {
        int in = 64;
        double[] moments = new double[in * in];
        for (int i = 0; i < in; i++) {
            moments[i * in + i] = 1;
        }
        moments[0] = 1e8;
        moments[in + 1] = 1e8;
        moments[1] = 1.05e8;
        moments[in] = 1.05e8;
        float[] weight = normal(new Random(6), OUT * in);
        float[] nearest = PlainBlocks.rounded(weight, in, 4);
        QuantizedMatrix found = new Gptq(moments, in).round(weight);
        for (int row = 0; row < OUT; row++) {
            float[] own = found.row(row);
            for (int i = 2; i < in; i++) {
                assertThat(own[i]).as("row %d, column %d", row, i).isNotNaN();
                assertThat(own[i]).isCloseTo(nearest[row * in + i], within(0.5f));
            }
        }
    }

    private static double error(float[] weight, int row, float[] rounded, double[] moments) {
        int in = rounded.length;
        double sum = 0;
        for (int i = 0; i < in; i++) {
            for (int j = 0; j < in; j++) {
                sum +=
                        moments[i * in + j]
                                * (weight[row * in + i] - rounded[i])
                                * (weight[row * in + j] - rounded[j]);
            }
        }
        return sum;
    }

    /** Features that go together, as those of real models do. */
    private static double[] moments(Random random, int in, int count) {
        double[] moments = new double[in * in];
        for (int t = 0; t < count; t++) {
            float common = (float) random.nextGaussian();
            float[] x = normal(random, in);
            for (int i = 0; i < in; i++) {
                x[i] = x[i] * (1 + i % 5) / 3 + 2 * common;
            }
            for (int i = 0; i < in; i++) {
                for (int j = 0; j < in; j++) {
                    moments[i * in + j] += (double) x[i] * x[j];
                }
            }
        }
        return moments;
    }

    private static float[] normal(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
