package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.pass.ComparedOutput.Reading;
import java.nio.FloatBuffer;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OutputDistanceTest {
    private static final long SEED = new Random().nextLong();
    private final RandomGenerator random = new Random(SEED);

    private OutputRows drawn(int rows, int width, double scale) {
        float[] floats = new float[rows * width];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) (scale * random.nextGaussian());
        }
        return new OutputRows(rows, width, FloatBuffer.wrap(floats));
    }

    private static double[] softmax(OutputRows rows, int row) {
        double[] p = new double[rows.width()];
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(rows.floats().get(row * p.length + i));
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    private static double divergence(double[] p, double[] q) {
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += p[i] * (Math.log(p[i]) - Math.log(q[i]));
        }
        return sum;
    }

    private static double[] mean(double[] p, double[] q) {
        double[] m = new double[p.length];
        for (int i = 0; i < p.length; i++) {
            m[i] = (p[i] + q[i]) / 2;
        }
        return m;
    }

    @ParameterizedTest
    @EnumSource(OutputDistance.class)
    void isNothingBetweenEqualOutputs(OutputDistance distance) {
        for (int i = 0; i < 50; i++) {
            OutputRows rows = drawn(1 + random.nextInt(4), 1 + random.nextInt(40), 20);
            assertThat(distance.of(rows, rows.copy())).as("seed %d", SEED).isZero();
        }
    }

    @Test
    void jensenShannonIsSymmetricAndAtMostLn2() {
        for (int i = 0; i < 200; i++) {
            int width = 2 + random.nextInt(60);
            double scale = Math.exp(6 * random.nextGaussian() / 2);
            OutputRows a = drawn(3, width, scale);
            OutputRows b = drawn(3, width, scale);
            double there = OutputDistance.JS.of(a, b);
            assertThat(there)
                    .as("seed %d", SEED)
                    .isBetween(0.0, Math.log(2) + 1e-12)
                    .isCloseTo(OutputDistance.JS.of(b, a), within(1e-12));
        }
        OutputRows left = new OutputRows(1, 2, FloatBuffer.wrap(new float[] {900, -900}));
        OutputRows right = new OutputRows(1, 2, FloatBuffer.wrap(new float[] {-900, 900}));
        assertThat(OutputDistance.JS.of(left, right)).isCloseTo(Math.log(2), within(1e-12));
    }

    /** Probabilities down to the smallest number and below it, on either side. */
    @ParameterizedTest
    @EnumSource(OutputDistance.class)
    void theImpossibleIsNotInfinitelyFar(OutputDistance distance) {
        for (float low = -740; low > -750; low -= 0.01f) {
            OutputRows a = new OutputRows(1, 2, FloatBuffer.wrap(new float[] {0, low}));
            OutputRows b = new OutputRows(1, 2, FloatBuffer.wrap(new float[] {0, 2 * low}));
            assertThat(distance.of(a, b)).isFinite();
            assertThat(distance.of(b, a)).isFinite();
        }
    }

    @Test
    void divergencesAreThoseOfTheirDefinitions() {
        for (int i = 0; i < 50; i++) {
            int rows = 1 + random.nextInt(4);
            int width = 2 + random.nextInt(30);
            OutputRows a = drawn(rows, width, 2);
            OutputRows b = drawn(rows, width, 2);
            double js = 0;
            double reversed = 0;
            double kl = 0;
            for (int row = 0; row < rows; row++) {
                double[] p = softmax(a, row);
                double[] q = softmax(b, row);
                double[] m = mean(p, q);
                js += (divergence(p, m) + divergence(q, m)) / 2 / rows;
                reversed += (divergence(m, p) + divergence(m, q)) / 2 / rows / width;
                kl += divergence(p, q) / rows / width;
            }
            assertThat(OutputDistance.JS.of(a, b)).as("seed %d", SEED).isCloseTo(js, within(1e-9));
            assertThat(OutputDistance.JS_REVERSED.of(a, b)).isCloseTo(reversed, within(1e-9));
            assertThat(OutputDistance.KL.of(a, b)).isCloseTo(kl, within(1e-9));
        }
    }

    @Test
    void anglesAreOfVectorsAndNormsOfWholeSequences() {
        OutputRows a = new OutputRows(2, 2, FloatBuffer.wrap(new float[] {1, 0, 0, 2}));
        OutputRows b = new OutputRows(2, 2, FloatBuffer.wrap(new float[] {3, 3, 0, 5}));
        assertThat(OutputDistance.ANGULAR.of(a, b)).isCloseTo(Math.PI / 8, within(1e-9));
        assertThat(OutputDistance.NORM.of(a, b)).isCloseTo(Math.sqrt(4 + 9 + 9), within(1e-9));
        OutputRows opposite = new OutputRows(1, 2, FloatBuffer.wrap(new float[] {-1, 0}));
        OutputRows one = new OutputRows(1, 2, FloatBuffer.wrap(new float[] {1, 0}));
        // The method clamps the cosine at 0.
        assertThat(OutputDistance.ANGULAR.of(one, opposite)).isEqualTo(Math.PI / 2);
        for (int i = 0; i < 100; i++) {
            assertThat(OutputDistance.ANGULAR.of(drawn(2, 5, 1), drawn(2, 5, 1)))
                    .as("seed %d", SEED)
                    .isBetween(0.0, Math.PI / 2);
        }
    }

    @ParameterizedTest
    @EnumSource(OutputDistance.class)
    void whatIsNoNumberIsInfinitelyFar(OutputDistance distance) {
        OutputRows good = drawn(1, 3, 1);
        OutputRows bad = new OutputRows(1, 3, FloatBuffer.wrap(new float[] {1, Float.NaN, 2}));
        assertThat(distance.of(good, bad)).isEqualTo(Double.POSITIVE_INFINITY);
    }

    @Test
    void embeddingsHaveNoDistributions() {
        ComparedOutput embedding = new ComparedOutput("last", Reading.MEAN_OF_TOKENS);
        embedding.requireComparable(OutputDistance.ANGULAR);
        embedding.requireComparable(OutputDistance.NORM);
        for (OutputDistance distance :
                new OutputDistance[] {
                    OutputDistance.JS, OutputDistance.JS_REVERSED, OutputDistance.KL
                }) {
            assertThatThrownBy(() -> embedding.requireComparable(distance))
                    .isInstanceOf(PassException.class)
                    .hasMessageContaining("angular or norm");
        }
    }
}
