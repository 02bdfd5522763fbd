package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Few exponentials must draw what all of them do: the very token, also where the random number or
 * the edge of the nucleus lies within a rounding error of another one.
 */
class ExactDrawsTest {
    private static final double[] TEMPERATURES = {1e-300, 1e-9, 0.01, 0.3, 0.8, 1, 1.5, 20, 100};
    private static final float[] SCALES = {0, 0.1f, 1, 4, 30, 1e30f};

    @Test
    void drawsTheTokenThatAllExponentialsGive() {
        compare(400, random -> 1 + random.nextInt(3_000));
    }

    @Test
    void drawsTheTokenThatAllExponentialsGiveInLargeVocabularies() {
        compare(12, random -> 40_000 + random.nextInt(100_000));
    }

    @Test
    @Tag("thorough")
    void drawsTheTokenThatAllExponentialsGiveInManyLargeVocabularies() {
        compare(300, random -> 1 + random.nextInt(200_000));
    }

    private interface Size {
        int of(Random random);
    }

    private static void compare(int trials, Size size) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < trials; trial++) {
            int vocabulary = size.of(random);
            GenerationOptions options = randomOptions(random, vocabulary);
            Row row = new Row(options, randomLogits(random, vocabulary), random);
            for (double uniform : row.uniforms(random)) {
                assertThat(row.draw(uniform))
                        .as("seed %d, trial %d, at %s of %s", seed, trial, uniform, options)
                        .isEqualTo(row.expected(uniform));
            }
        }
    }

    private static GenerationOptions randomOptions(Random random, int vocabulary) {
        GenerationOptions.Builder options = GenerationOptions.builder();
        options.temperature(TEMPERATURES[random.nextInt(TEMPERATURES.length)]);
        if (random.nextInt(3) == 0) {
            options.topK(1 + random.nextInt(random.nextBoolean() ? vocabulary + 5 : 60));
        }
        if (random.nextBoolean()) {
            // Tenths are edges that equal logits meet exactly.
            options.topP(
                    random.nextBoolean()
                            ? (1 + random.nextInt(9)) / 10.0
                            : Math.min(1, 1e-6 + random.nextDouble()));
        }
        if (random.nextInt(3) == 0) {
            options.minP(Math.pow(random.nextDouble(), 3));
        }
        if (random.nextBoolean()) {
            options.repetitionPenalty(0.3 + 2 * random.nextDouble());
            options.frequencyPenalty(4 * random.nextDouble() - 2);
        }
        if (random.nextBoolean()) {
            Map<Integer, Double> bias = new HashMap<>();
            for (int i = random.nextInt(10); i > 0; i--) {
                bias.put(random.nextInt(vocabulary), 20 * random.nextGaussian());
            }
            options.logitBias(bias);
        }
        return options.build();
    }

    private static float[] randomLogits(Random random, int vocabulary) {
        float scale = SCALES[random.nextInt(SCALES.length)];
        boolean ties = random.nextInt(4) == 0;
        boolean forbidden = random.nextInt(4) == 0;
        float[] logits = new float[vocabulary];
        for (int i = 0; i < vocabulary; i++) {
            float logit = scale * (float) random.nextGaussian();
            logits[i] = ties ? Math.round(logit) : logit;
            if (forbidden && random.nextInt(3) == 0) {
                logits[i] = Float.NEGATIVE_INFINITY;
            }
        }
        for (int i = random.nextInt(20); i >= 0; i--) {
            logits[random.nextInt(vocabulary)] = scale * (3 + 3 * random.nextFloat());
        }
        return logits;
    }

    /** One position, with the sampler's distribution and with the plain one beside it. */
    private static final class Row {
        private final FloatBuffer logits;
        private final RowScores scores;
        private final Distribution distribution;
        private final double[] weights;
        private final double total;

        Row(GenerationOptions options, float[] logits, Random random) {
            int n = logits.length;
            LogitAdjustments adjustments =
                    new LogitAdjustments(
                            options, n, random.ints(random.nextInt(300), 0, n).toArray());
            random.ints(random.nextInt(20), 0, n).forEach(adjustments::accept);
            double[] adjusted = IntStream.range(0, n).mapToDouble(i -> logits[i]).toArray();
            adjustments.apply(adjusted);
            weights = plain(options, adjusted);
            total = Arrays.stream(weights).reduce(0, (a, b) -> a + b);
            this.logits = FloatBuffer.wrap(logits);
            scores = new RowScores(adjustments, n);
            distribution = new Distribution(options, scores, new int[n]);
        }

        private static double[] plain(GenerationOptions options, double[] logits) {
            int n = logits.length;
            Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
            Arrays.sort(order, Comparator.<Integer>comparingDouble(i -> 0.0 - logits[i]));
            int kept = options.topK() == 0 ? n : Math.min(n, options.topK());
            double highest = logits[order[0]];
            double[] weights = new double[n];
            for (int i = 0; i < kept; i++) {
                weights[order[i]] = Math.exp((logits[order[i]] - highest) / options.temperature());
            }
            double sum = Arrays.stream(weights).reduce(0, (a, b) -> a + b);
            double mass = 0;
            for (int i = 0; i < kept; i++) {
                boolean outside = options.topP() < 1 && mass >= options.topP() * sum;
                mass += weights[order[i]];
                if (outside || weights[order[i]] < options.minP()) {
                    weights[order[i]] = 0;
                }
            }
            return weights;
        }

        /** Random numbers, among them those at which one token follows another, and next to it. */
        double[] uniforms(Random random) {
            double[] uniforms = new double[24];
            double below = 0;
            int stop = random.nextInt(weights.length);
            for (int i = 0; i < stop; i++) {
                below += weights[i];
            }
            double edge = Math.min(below / total, Math.nextDown(1.0));
            for (int i = 0; i < uniforms.length; i++) {
                uniforms[i] =
                        switch (i) {
                            case 0 -> edge;
                            case 1 -> Math.max(0, Math.nextDown(edge));
                            case 2 -> Math.min(Math.nextUp(edge), Math.nextDown(1.0));
                            case 3 -> 0;
                            case 4 -> Math.nextDown(1.0);
                            default -> random.nextDouble();
                        };
            }
            return uniforms;
        }

        int draw(double uniform) {
            scores.read(logits);
            return distribution.draw(uniform);
        }

        int expected(double uniform) {
            double cumulative = 0;
            for (int i = 0; i < weights.length; i++) {
                cumulative += weights[i];
                if (uniform * total < cumulative) {
                    return i;
                }
            }
            throw new AssertionError(uniform);
        }
    }

    @Test
    void sumsAreWithinTheToleranceThatTheyPromise() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int summed = 0;
        for (int trial = 0; trial < 60; trial++) {
            int vocabulary = 1 + random.nextInt(20_000);
            float[] logits = randomLogits(random, vocabulary);
            GenerationOptions options = randomOptions(random, vocabulary);
            LogitAdjustments adjustments =
                    new LogitAdjustments(
                            options, vocabulary, random.ints(50, 0, vocabulary).toArray());
            double[] adjusted =
                    IntStream.range(0, vocabulary).mapToDouble(i -> logits[i]).toArray();
            adjustments.apply(adjusted);
            double highest = Arrays.stream(adjusted).max().orElseThrow();
            RowScores row = new RowScores(adjustments, vocabulary);
            row.read(FloatBuffer.wrap(logits));
            SoftmaxSums sums = new SoftmaxSums(row, options.temperature());
            if (sums.update(highest)) {
                summed++;
                double exact =
                        Arrays.stream(adjusted)
                                .map(x -> Math.exp((x - highest) / options.temperature()))
                                .sum();
                assertThat(Math.abs(sums.total() - exact))
                        .as("seed %d, trial %d of %s", seed, trial, options)
                        .isLessThanOrEqualTo(SoftmaxSums.TOLERANCE / 5 * exact);
            }
        }
        assertThat(summed).as("seed %d", seed).isPositive();
    }
}
