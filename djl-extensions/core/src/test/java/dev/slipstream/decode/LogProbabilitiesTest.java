package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LogProbabilitiesTest {
    @Test
    void isTheLogarithmOfTheSoftmax() {
        // Probabilities 1/10, 2/10, 3/10 and 4/10.
        float[] logits = {0, (float) Math.log(2), (float) Math.log(3), (float) Math.log(4)};
        LogProbabilities found = new LogProbabilities(FloatBuffer.wrap(logits), 4);
        for (int token = 0; token < 4; token++) {
            assertThat(found.of(token)).isCloseTo(Math.log((token + 1) / 10.0), within(1e-7));
        }
        assertThat(found.top(3)).containsExactly(3, 2, 1);
    }

    @Test
    void hugeAndForbiddenLogitsStayExact() {
        FloatBuffer row = FloatBuffer.wrap(new float[] {3e38f, Float.NEGATIVE_INFINITY, 3e38f});
        LogProbabilities found = new LogProbabilities(row, 3);
        assertThat(found.of(0)).isCloseTo(-Math.log(2), within(1e-12));
        assertThat(found.of(1)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(found.top(5)).containsExactly(0, 2, 1);
        assertThat(found.top(0)).isEmpty();
    }

    @Test
    void agreesWithAFullSortOfRandomRows() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 500; trial++) {
            int vocabulary = 1 + random.nextInt(300);
            boolean ties = random.nextBoolean();
            float[] logits = new float[vocabulary];
            for (int i = 0; i < vocabulary; i++) {
                float logit = 5 * (float) random.nextGaussian();
                logits[i] = ties ? Math.round(logit) : logit;
            }
            LogProbabilities found = new LogProbabilities(FloatBuffer.wrap(logits), vocabulary);
            double sum = IntStream.range(0, vocabulary).mapToDouble(i -> Math.exp(logits[i])).sum();
            for (int i = 0; i < vocabulary; i++) {
                assertThat(Math.exp(found.of(i)))
                        .as("seed %d", seed)
                        .isCloseTo(Math.exp(logits[i]) / sum, within(1e-12));
            }
            int n = random.nextInt(21);
            assertThat(found.top(n))
                    .as("seed %d", seed)
                    .isEqualTo(
                            IntStream.range(0, vocabulary)
                                    .boxed()
                                    .sorted(
                                            Comparator.comparing((Integer i) -> -logits[i])
                                                    .thenComparing(i -> i))
                                    .limit(n)
                                    .mapToInt(i -> i)
                                    .toArray());
        }
    }
}
