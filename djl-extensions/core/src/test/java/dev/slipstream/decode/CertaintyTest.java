package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against sums over all tokens, in doubles, with the library's exponential. */
class CertaintyTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 300, 1023, 1024, 1025, 2048, 5000})
    void agreesWithPlainSums(int vocabulary) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Certainty certainty = new Certainty(vocabulary);
        for (double scale : new double[] {0, 0.1, 2, 30, 1000}) {
            float[] row = new float[vocabulary];
            for (int i = 0; i < vocabulary; i++) {
                row[i] = (float) (scale * random.nextGaussian());
            }
            if (vocabulary > 2) {
                row[random.nextInt(vocabulary)] = Float.NEGATIVE_INFINITY;
                row[random.nextInt(vocabulary)] = (float) scale;
            }
            certainty.read(FloatBuffer.wrap(row));
            compare(certainty, row, "scale %s, seed %d".formatted(scale, seed));
        }
    }

    /** Two that are equally likely, in one lane and in two. */
    @ParameterizedTest
    @ValueSource(ints = {1, 1024})
    void equalTokensHaveNoMargin(int apart) {
        float[] row = new float[3000];
        row[100] = 20;
        row[100 + apart] = 20;
        Certainty certainty = new Certainty(row.length);
        certainty.read(FloatBuffer.wrap(row));
        assertThat(certainty.margin()).isZero();
        assertThat(certainty.probability(100)).isCloseTo(0.5, within(1e-4));
    }

    private static void compare(Certainty certainty, float[] row, String which) {
        double highest = Double.NEGATIVE_INFINITY;
        for (float logit : row) {
            highest = Math.max(highest, logit);
        }
        double[] p = new double[row.length];
        for (int i = 0; i < row.length; i++) {
            p[i] = Math.exp(row[i] - highest);
        }
        double sum = Arrays.stream(p).sum();
        double entropy = 0;
        double collision = 0;
        for (int i = 0; i < row.length; i++) {
            p[i] /= sum;
            entropy -= p[i] > 0 ? p[i] * Math.log(p[i]) : 0;
            collision += p[i] * p[i];
            assertThat(certainty.probability(i)).as(which).isCloseTo(p[i], within(1e-9));
        }
        double[] sorted = p.clone();
        Arrays.sort(sorted);
        double second = row.length == 1 ? 0 : sorted[row.length - 2];
        assertThat(certainty.entropy()).as(which).isCloseTo(entropy, within(1e-8));
        assertThat(certainty.collision()).as(which).isCloseTo(collision, within(1e-9));
        assertThat(certainty.margin())
                .as(which)
                .isCloseTo(sorted[row.length - 1] - second, within(1e-9));
    }
}
