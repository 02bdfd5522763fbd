package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Random;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Draws of each knob, alone and all together, against the exact distribution of the oracle. The
 * seeds are fixed, so a right sampler passes always; one that ignores the knob fails.
 */
class SamplerStatisticsTest {
    private static final int DRAWS = 30_000;
    private static final double CRITICAL = 1e-6;
    private static final int VOCABULARY = 120;
    private static final int[] PROMPT = {3, 5, 5, 17, 40, 41, 42, 99};
    private static final int[] OUTPUT = {5, 5, 5, 8, 8, 60, 61, 62, 63, 64, 65};

    static Stream<Arguments> knobs() {
        Map<Integer, Double> bias = Map.of(3, 2.0, 5, -3.0, 119, 1.5);
        return Stream.of(
                knob("temperature", at(0.6)),
                knob("topK", at(1).topK(20)),
                knob("topP", at(1).topP(0.8)),
                knob("minP", at(1).minP(0.1)),
                knob("repetitionPenalty", at(1).repetitionPenalty(1.8)),
                knob("presencePenalty", at(1).presencePenalty(1.2)),
                knob("frequencyPenalty", at(1).frequencyPenalty(0.7)),
                knob("logitBias", at(1).logitBias(bias)),
                knob(
                        "all",
                        at(0.9).topK(60)
                                .topP(0.9)
                                .minP(0.02)
                                .repetitionPenalty(1.3)
                                .presencePenalty(0.4)
                                .frequencyPenalty(0.3)
                                .logitBias(bias)));
    }

    private static GenerationOptions.Builder at(double temperature) {
        return GenerationOptions.builder().temperature(temperature).seed(20_261_124L);
    }

    private static Arguments knob(String name, GenerationOptions.Builder options) {
        return Arguments.of(name, options.build());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("knobs")
    void drawsFollowTheExactDistribution(String knob, GenerationOptions options) {
        float[] logits = logits();
        double[] exact = PlainDistribution.of(options, logits, PROMPT, OUTPUT);

        assertThat(ChiSquare.pValue(count(sampler(options, logits)), exact))
                .isGreaterThan(CRITICAL);
        assertThat(ChiSquare.pValue(count(sampler(at(1).build(), logits)), exact))
                .as("the same check of a sampler without the knob")
                .isLessThan(CRITICAL);
    }

    @Test
    void theCheckCatchesASlightlyWrongSampler() {
        float[] logits = logits();
        GenerationOptions options = at(1).topP(0.8).build();
        double[] exact = PlainDistribution.of(options, logits, PROMPT, OUTPUT);
        GenerationOptions wrong = at(1.1).topP(0.8).build();
        assertThat(ChiSquare.pValue(count(sampler(wrong, logits)), exact)).isLessThan(CRITICAL);
    }

    @Test
    void theCheckKnowsItsTables() {
        // Upper 5 % points of the chi-square distribution, from any table of it.
        assertThat(ChiSquare.upperGamma(0.5, 3.841459 / 2)).isCloseTo(0.05, within(1e-6));
        assertThat(ChiSquare.upperGamma(5, 18.307038 / 2)).isCloseTo(0.05, within(1e-6));
        assertThat(ChiSquare.upperGamma(50, 124.342113 / 2)).isCloseTo(0.05, within(1e-6));
        assertThat(ChiSquare.upperGamma(50, 77.929465 / 2)).isCloseTo(0.95, within(1e-6));
    }

    private static IntSupplier sampler(GenerationOptions options, float[] logits) {
        Sampler sampler = new Sampler(options, VOCABULARY, PROMPT);
        for (int token : OUTPUT) {
            sampler.accept(token);
        }
        FloatBuffer row = FloatBuffer.wrap(logits);
        return () -> sampler.sample(row);
    }

    private static long[] count(IntSupplier draws) {
        long[] counts = new long[VOCABULARY];
        for (int i = 0; i < DRAWS; i++) {
            counts[draws.getAsInt()]++;
        }
        return counts;
    }

    private static float[] logits() {
        Random random = new Random(7);
        float[] logits = new float[VOCABULARY];
        for (int i = 0; i < VOCABULARY; i++) {
            logits[i] = (float) (1.5 * random.nextGaussian());
        }
        return logits;
    }
}
