package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PerplexityMeterTest {
    private static final int VOCABULARY = 11;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithTheDefinitionOnAnyWindow(long seed) {
        Random random = new Random(seed);
        for (int trial = 0; trial < 20; trial++) {
            int length = 1 + random.nextInt(150);
            SlidingWindow window = new SlidingWindow(length, 1 + random.nextInt(length));
            Integer begin = random.nextBoolean() ? random.nextInt(VOCABULARY) : null;
            int[] tokens = random.ints(2 + random.nextInt(300), 0, VOCABULARY).toArray();

            Script script = new Script(length);
            double nats = PerplexityMeter.nats(script, window, begin, tokens, n -> {});

            assertThat(nats)
                    .as("seed %d, %s, begin %s, %d tokens", seed, window, begin, tokens.length)
                    .isCloseTo(definition(window, begin, tokens), within(1e-6 * tokens.length));
        }
    }

    @Test
    void holdsTheLogitsOfFewPositionsAtOnce() {
        Script script = new Script(512);

        PerplexityMeter.nats(script, new SlidingWindow(512, 256), 0, new int[2000], n -> {});

        assertThat(script.mostRows).isEqualTo(64);
    }

    @Test
    void computesNoRowTwice() {
        Script script = new Script(100);

        PerplexityMeter.nats(script, new SlidingWindow(100, 30), 0, new int[1000], n -> {});

        assertThat(script.rows).isEqualTo(1000);
    }

    @Test
    void tellsItsProgressToTheEnd() {
        List<Integer> told = new ArrayList<>();

        PerplexityMeter.nats(
                new Script(100), new SlidingWindow(100, 100), 0, new int[250], told::add);

        assertThat(told).isSorted().doesNotHaveDuplicates().endsWith(250);
    }

    @Test
    void refusesLogitsThatAreNotNumbers() {
        PerplexityMeter.Sequence broken =
                new PerplexityMeter.Sequence() {
                    @Override
                    public void restart() {}

                    @Override
                    public Logits forward(int[] tokens, int from, int to, LogitRows rows) {
                        float[] values = new float[(to - from) * VOCABULARY];
                        Arrays.fill(values, Float.NaN);
                        return new Logits(FloatBuffer.wrap(values), to - from, VOCABULARY);
                    }
                };

        assertThatThrownBy(
                        () ->
                                PerplexityMeter.nats(
                                        broken, new SlidingWindow(4, 4), 0, new int[3], n -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("token 0");
    }

    /** The definition: each token by itself, from the first window that has it. */
    private static double definition(SlidingWindow window, @Nullable Integer begin, int[] tokens) {
        double nats = 0;
        int first = begin == null ? 1 : 0;
        for (int i = first; i < tokens.length; i++) {
            int start = first;
            while (start + window.length() <= i) {
                start += window.stride();
            }
            List<Integer> context = new ArrayList<>();
            context.add(begin == null ? tokens[start - 1] : begin);
            for (int j = start; j < i; j++) {
                context.add(tokens[j]);
            }
            float[] logits = logits(context);
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit);
            }
            nats -= Math.log(Math.exp(logits[tokens[i]]) / sum);
        }
        return nats;
    }

    /** A model whose answer depends on every token of its context. */
    private static float[] logits(List<Integer> context) {
        Random random = new Random(context.hashCode());
        float[] logits = new float[VOCABULARY];
        for (int i = 0; i < VOCABULARY; i++) {
            logits[i] = (float) random.nextGaussian() * 3;
        }
        return logits;
    }

    private static final class Script implements PerplexityMeter.Sequence {
        private final int capacity;
        private final List<Integer> context = new ArrayList<>();
        private int mostRows;
        private int rows;

        Script(int capacity) {
            this.capacity = capacity;
        }

        @Override
        public void restart() {
            context.clear();
        }

        @Override
        public Logits forward(int[] tokens, int from, int to, LogitRows wanted) {
            int count = to - from;
            FloatBuffer values = FloatBuffer.allocate(count * VOCABULARY);
            for (int i = from; i < to; i++) {
                context.add(tokens[i]);
                values.put(logits(context));
            }
            assertThat(context).hasSizeLessThanOrEqualTo(capacity);
            values.flip();
            if (wanted == LogitRows.LAST) {
                return new Logits(values.position((count - 1) * VOCABULARY).slice(), 1, VOCABULARY);
            }
            mostRows = Math.max(mostRows, count);
            rows += count;
            return new Logits(values, count, VOCABULARY);
        }
    }
}
