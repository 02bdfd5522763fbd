package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
    private static final int LARGE_VOCABULARY = 150_000;

    @Test
    void agreesWithTheOracleForRandomKnobs() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 3_000; trial++) {
            compareWithOracle(random, 1 + random.nextInt(200), "seed %d, trial %d", seed, trial);
        }
    }

    @Test
    void agreesWithTheOracleForALargeVocabulary() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 6; trial++) {
            compareWithOracle(random, LARGE_VOCABULARY, "seed %d, trial %d", seed, trial);
        }
    }

    private static void compareWithOracle(
            Random random, int vocabulary, String name, Object... arguments) {
        GenerationOptions options = randomOptions(random, vocabulary);
        float[] logits = randomLogits(random, vocabulary);
        int[] prompt = random.ints(random.nextInt(300), 0, vocabulary).toArray();
        int[] output = random.ints(random.nextInt(20), 0, vocabulary).toArray();
        Sampler sampler = new Sampler(options, vocabulary, prompt);
        for (int token : output) {
            sampler.accept(token);
        }
        double[] expected = PlainDistribution.of(options, logits, prompt, output);
        double[] found = new double[vocabulary];
        sampler.probabilities(direct(logits), found);
        for (int i = 0; i < vocabulary; i++) {
            if (!(Math.abs(found[i] - expected[i]) <= 1e-9)) {
                assertThat(found[i])
                        .as("%s, token %d of %s", name.formatted(arguments), i, options)
                        .isCloseTo(expected[i], within(1e-9));
            }
        }
        assertThat(Arrays.stream(found).sum()).as(name, arguments).isCloseTo(1, within(1e-9));
        assertThat(expected[sampler.sample(direct(logits))]).as(name, arguments).isPositive();
    }

    private static GenerationOptions randomOptions(Random random, int vocabulary) {
        GenerationOptions.Builder options = GenerationOptions.builder();
        double[] temperatures = {0, 0.01, 0.3, 0.8, 1, 1.5, 20, 100};
        options.temperature(temperatures[random.nextInt(temperatures.length)]);
        if (random.nextBoolean()) {
            options.topK(1 + random.nextInt(random.nextBoolean() ? vocabulary + 5 : 8));
        }
        if (random.nextBoolean()) {
            options.topP(Math.min(1, 1e-6 + random.nextDouble()));
        }
        if (random.nextBoolean()) {
            options.minP(Math.pow(random.nextDouble(), 3));
        }
        if (random.nextBoolean()) {
            options.repetitionPenalty(0.3 + 2 * random.nextDouble());
        }
        if (random.nextBoolean()) {
            options.presencePenalty(4 * random.nextDouble() - 2);
        }
        if (random.nextBoolean()) {
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
        float scale = new float[] {0, 0.1f, 1, 4, 30}[random.nextInt(5)];
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
        logits[random.nextInt(vocabulary)] = 1;
        return logits;
    }

    @Test
    void greedyTakesTheHighestLogitAndOfEqualOnesTheLowestId() {
        FloatBuffer row = FloatBuffer.wrap(new float[] {-5, 2, 7, -1, 7, 7});
        assertThat(new Sampler(GenerationOptions.greedy(), 6, new int[0]).sample(row)).isEqualTo(2);

        Sampler biased =
                new Sampler(
                        GenerationOptions.builder().logitBias(Map.of(2, -1.0)).build(),
                        6,
                        new int[0]);
        assertThat(biased.sample(row)).isEqualTo(4);
    }

    @Test
    void equalTokensAtTheEdgeGoByTheirIds() {
        FloatBuffer row = FloatBuffer.wrap(new float[10]);
        double[] found = new double[10];

        new Sampler(at(1).topK(3).build(), 10, new int[0]).probabilities(row, found);
        assertThat(found).startsWith(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0, 0});

        new Sampler(at(1).topP(0.3).build(), 10, new int[0]).probabilities(row, found);
        assertThat(found).startsWith(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0, 0});

        new Sampler(at(1).minP(1).build(), 10, new int[0]).probabilities(row, found);
        assertThat(found).containsOnly(0.1);
    }

    @Test
    void penaltiesFollowTheTextAsItGrows() {
        Sampler sampler =
                new Sampler(
                        GenerationOptions.builder().frequencyPenalty(1).build(),
                        3,
                        new int[] {0, 0, 0, 0});
        FloatBuffer row = FloatBuffer.wrap(new float[] {3, 2.5f, 0});
        int[] text = new int[6];
        for (int i = 0; i < text.length; i++) {
            text[i] = sampler.sample(row);
            sampler.accept(text[i]);
        }
        // 3, 2.5 | 2, 2.5 | 2, 1.5 | 1, 1.5 | 1, 0.5 | 0, 0.5
        assertThat(text).containsExactly(0, 1, 0, 1, 0, 1);
    }

    @Test
    void extremeTemperaturesAndLogitsStayFinite() {
        FloatBuffer row = FloatBuffer.wrap(new float[] {-3e38f, 3e38f, 3e38f, 0});
        double[] found = new double[4];
        new Sampler(at(Double.MIN_VALUE).topP(0.9).build(), 4, new int[0])
                .probabilities(row, found);
        assertThat(found).containsExactly(0, 0.5, 0.5, 0);
        new Sampler(at(100).repetitionPenalty(0.01).build(), 4, new int[] {0, 1})
                .probabilities(row, found);
        assertThat(found).containsExactly(0, 1, 0, 0);
    }

    @Test
    void readsTheRowFromItsBeginningAndLeavesItsPosition() {
        FloatBuffer row = FloatBuffer.wrap(new float[] {0, 9, 0, 5});
        row.position(2);
        assertThat(new Sampler(GenerationOptions.greedy(), 4, new int[0]).sample(row)).isEqualTo(1);
        assertThat(new Sampler(at(0.01).build(), 4, new int[0]).sample(row)).isEqualTo(1);
        assertThat(row.position()).isEqualTo(2);
    }

    @Test
    void randomNumbersAreThoseOfSplitMix64() {
        RandomDraws draws = new RandomDraws(1_234_567);
        assertThat(Long.toUnsignedString(draws.nextLong())).isEqualTo("6457827717110365317");
        assertThat(Long.toUnsignedString(draws.nextLong())).isEqualTo("3203168211198807973");

        SplittableRandom same = new SplittableRandom(-5);
        RandomDraws own = new RandomDraws(-5);
        for (int i = 0; i < 1_000; i++) {
            assertThat(own.nextDouble()).isEqualTo((same.nextLong() >>> 11) * 0x1.0p-53);
        }
    }

    @Test
    void aSeedGivesTheSameTokensOnAnyThread() throws Exception {
        GenerationOptions options =
                at(0.9).topP(0.95).repetitionPenalty(1.2).frequencyPenalty(0.1).seed(42L).build();
        int[] expected = text(options);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Callable<int[]> task = () -> text(options);
            for (Future<int[]> text : threads.invokeAll(Collections.nCopies(16, task))) {
                assertThat(text.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(text(options.toBuilder().seed(43L).build())).isNotEqualTo(expected);
        GenerationOptions fresh = options.toBuilder().seed(null).build();
        assertThat(text(fresh)).isNotEqualTo(text(fresh));
    }

    /** Draws 100 tokens from a model whose logits depend on the token before. */
    private static int[] text(GenerationOptions options) {
        int vocabulary = 500;
        Sampler sampler = new Sampler(options, vocabulary, new int[] {1, 2, 3});
        int[] text = new int[100];
        for (int i = 0; i < text.length; i++) {
            Random random = new Random(i == 0 ? 0 : text[i - 1]);
            text[i] = sampler.sample(FloatBuffer.wrap(randomRow(random, vocabulary)));
            sampler.accept(text[i]);
        }
        return text;
    }

    @ParameterizedTest
    @ValueSource(strings = {"greedy", "temperature", "topK", "nucleus", "minP", "all"})
    void allocatesNextToNothingPerToken(String knobs) {
        GenerationOptions options =
                switch (knobs) {
                    case "greedy" -> GenerationOptions.greedy();
                    case "temperature" -> at(0.8).build();
                    case "topK" -> at(0.8).topK(40).build();
                    case "minP" -> at(0.8).minP(0.05).build();
                    case "nucleus" -> at(0.8).topP(0.95).build();
                    default ->
                            at(0.8).topK(50)
                                    .topP(0.95)
                                    .minP(0.01)
                                    .repetitionPenalty(1.1)
                                    .presencePenalty(0.1)
                                    .frequencyPenalty(0.1)
                                    .logitBias(Map.of(7, 1.0))
                                    .build();
                };
        FloatBuffer row = direct(randomRow(new Random(3), LARGE_VOCABULARY));
        Sampler sampler = new Sampler(options, LARGE_VOCABULARY, new int[] {1});
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long self = Thread.currentThread().getId();
        int tokens = 40;
        long before = 0;
        for (int i = 0; i < 2 * tokens; i++) {
            if (i == tokens) {
                before = threads.getThreadAllocatedBytes(self);
            }
            sampler.accept(sampler.sample(row));
        }
        assertThat((threads.getThreadAllocatedBytes(self) - before) / tokens).isLessThan(200);
    }

    @Test
    void namesABrokenLogit() {
        for (GenerationOptions options :
                new GenerationOptions[] {
                    GenerationOptions.greedy(), at(1).build(), at(0).presencePenalty(1).build()
                }) {
            Sampler sampler = new Sampler(options, 3, new int[0]);
            assertThatThrownBy(
                            () -> sampler.sample(FloatBuffer.wrap(new float[] {9, Float.NaN, 1})))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("token 1 is NaN")
                    .hasMessageContaining("precision");
            assertThatThrownBy(
                            () ->
                                    sampler.sample(
                                            FloatBuffer.wrap(
                                                    new float[] {0, 1, Float.POSITIVE_INFINITY})))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("token 2 is Infinity");
            float[] none = new float[3];
            Arrays.fill(none, Float.NEGATIVE_INFINITY);
            assertThatThrownBy(() -> sampler.sample(FloatBuffer.wrap(none)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("all 3 logits");
            assertThatThrownBy(() -> sampler.sample(FloatBuffer.allocate(2)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected 3 logits, found 2");
        }
    }

    @Test
    void refusesTokensBeyondTheVocabulary() {
        GenerationOptions biased = at(1).logitBias(Map.of(3, 1.0)).build();
        assertThatThrownBy(() -> new Sampler(biased, 3, new int[0]))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("logitBias")
                .hasMessageContaining("below the model's 3, found 3");
        assertThatThrownBy(() -> new Sampler(at(1).build(), 3, new int[] {3}))
                .isInstanceOf(IndexOutOfBoundsException.class);
        Sampler sampler = new Sampler(at(1).build(), 3, new int[0]);
        assertThatThrownBy(() -> sampler.accept(3)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static GenerationOptions.Builder at(double temperature) {
        return GenerationOptions.builder().temperature(temperature);
    }

    private static float[] randomRow(Random random, int vocabulary) {
        float[] row = new float[vocabulary];
        IntStream.range(0, vocabulary).forEach(i -> row[i] = (float) (3 * random.nextGaussian()));
        return row;
    }

    private static FloatBuffer direct(float[] values) {
        FloatBuffer buffer =
                ByteBuffer.allocateDirect(4 * values.length)
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer();
        buffer.put(0, values);
        return buffer;
    }

    /** Or drafts that are verified several at once would not give the text of one by one. */
    @Test
    void aRoundingErrorInTheLogitsChangesNoDraw() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 200; trial++) {
            float[] logits = new float[300];
            float[] off = new float[300];
            for (int i = 0; i < logits.length; i++) {
                // Few different values: many near ties.
                logits[i] = random.nextInt(40) / 8f;
                off[i] = logits[i] * (1 + (random.nextInt(3) - 1) * 0x1p-22f);
            }
            // Only what top-k keeps may hang on a tie: these are all kept, or far below.
            Arrays.fill(logits, 100, 300, -30);
            Arrays.fill(off, 100, 300, -30);
            GenerationOptions options =
                    GenerationOptions.builder().temperature(1).topK(100).seed(seed + trial).build();
            assertThat(new Sampler(options, 300, new int[0]).sample(FloatBuffer.wrap(off)))
                    .as("seed %d, trial %d", seed, trial)
                    .isEqualTo(
                            new Sampler(options, 300, new int[0]).sample(FloatBuffer.wrap(logits)));
        }
    }
}
