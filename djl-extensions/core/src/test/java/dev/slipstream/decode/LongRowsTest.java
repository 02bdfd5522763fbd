package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rows that are longer than the {@link LaneMaxima lanes} in which they are read. */
class LongRowsTest {
    @Test
    void namesTheFirstBrokenLogitOfALargeVocabulary() {
        int vocabulary = 5_000;
        for (GenerationOptions options :
                new GenerationOptions[] {
                    GenerationOptions.greedy(),
                    at(1).build(),
                    at(1).topP(0.9).build(),
                    at(1).minP(0.1).build(),
                    at(1).topK(5).build(),
                    at(1).logitBias(Map.of(4_998, 1.0)).build()
                }) {
            for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                float[] logits = new float[vocabulary];
                logits[4_998] = broken;
                logits[4_999] = Float.NaN;
                Sampler sampler = new Sampler(options, vocabulary, new int[0]);
                assertThatThrownBy(() -> sampler.sample(FloatBuffer.wrap(logits)))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("token 4998 is " + broken);
            }
        }
    }

    @Test
    void greedyTakesTheLowestOfEqualIdsInALargeVocabulary() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 200; trial++) {
            float[] logits = new float[1 + random.nextInt(9_000)];
            int lowest = logits.length;
            Arrays.fill(logits, random.nextBoolean() ? -0.0f : Float.NEGATIVE_INFINITY);
            for (int i = random.nextInt(5); i >= 0; i--) {
                int token = random.nextInt(logits.length);
                logits[token] = 2;
                lowest = Math.min(lowest, token);
            }
            GenerationOptions biased = at(0).logitBias(Map.of(0, 0.0)).build();
            for (GenerationOptions options :
                    new GenerationOptions[] {GenerationOptions.greedy(), biased}) {
                assertThat(
                                new Sampler(options, logits.length, new int[0])
                                        .sample(FloatBuffer.wrap(logits)))
                        .as("seed %d, trial %d", seed, trial)
                        .isEqualTo(lowest);
            }
        }
    }

    private static GenerationOptions.Builder at(double temperature) {
        return GenerationOptions.builder().temperature(temperature);
    }
}
