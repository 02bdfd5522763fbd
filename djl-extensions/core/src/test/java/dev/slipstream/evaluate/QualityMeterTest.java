package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QualityMeterTest {
    private static final int VOCABULARY = 9;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void agreesWithTheDefinitionsOnAnyWindow(long seed) {
        Random random = new Random(seed);
        for (int trial = 0; trial < 15; trial++) {
            int length = 1 + random.nextInt(150);
            SlidingWindow window = new SlidingWindow(length, 1 + random.nextInt(length));
            Integer begin = random.nextBoolean() ? random.nextInt(VOCABULARY) : null;
            int[] tokens = random.ints(2 + random.nextInt(250), 0, VOCABULARY).toArray();

            Quality quality = quality(window, begin, tokens, new Script(0), new Script(0.7));

            Definition expected = new Definition(window, begin, tokens);
            String as =
                    "seed %d, %s, begin %s, %d tokens"
                            .formatted(seed, window, begin, tokens.length);
            assertThat(quality.divergence()).as(as).isCloseTo(expected.divergence, within(1e-5));
            assertThat(quality.agreement()).as(as).isCloseTo(expected.agreement, within(1e-9));
            assertThat(quality.natsLost()).as(as).isCloseTo(expected.natsLost, within(1e-5));
            assertThat(quality.candidate().tokens()).isEqualTo(expected.positions);
        }
    }

    @Test
    void findsNothingLostByTheSameModel() {
        int[] tokens = new Random(7).ints(300, 0, VOCABULARY).toArray();

        Quality quality =
                quality(new SlidingWindow(90, 40), 0, tokens, new Script(0), new Script(0));

        assertThat(quality.divergence()).isZero();
        assertThat(quality.agreement()).isEqualTo(1);
        assertThat(quality.natsLost()).isZero();
    }

    @Test
    void holdsTheLogitsOfFewPositionsAtOnce() {
        Script original = new Script(0);
        Script candidate = new Script(1);

        quality(new SlidingWindow(500, 250), 0, new int[1100], original, candidate);

        assertThat(original.mostRows).isEqualTo(64);
        assertThat(candidate.mostRows).isEqualTo(64);
        assertThat(candidate.rows).isEqualTo(1100);
    }

    @Test
    void measuresAgainstTheOriginalAndNotTheOtherWayAround() {
        // KL((0.9, 0.1) || (0.5, 0.5)) = 0.9 ln 1.8 + 0.1 ln 0.2 = 0.36806; the other way 0.51083.
        LogitRow original = row(Math.log(0.9), Math.log(0.1));
        LogitRow candidate = row(Math.log(0.5), Math.log(0.5));

        assertThat(original.divergence(candidate)).isCloseTo(0.36806, within(1e-5));
        assertThat(candidate.divergence(original)).isCloseTo(0.51083, within(1e-5));
        assertThat(candidate.likeliest()).isZero();
    }

    @Test
    void countsAnImpossibleTokenOfTheOriginalAsNothing() {
        LogitRow original = row(0, Double.NEGATIVE_INFINITY);

        assertThat(original.divergence(row(0, 0))).isCloseTo(Math.log(2), within(1e-9));
    }

    @Test
    void refusesLogitsThatAreNotNumbers() {
        assertThatThrownBy(() -> row(Double.NaN, 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("token 3");
        assertThatThrownBy(() -> row(0, Double.NaN)).hasMessageContaining("token 3");
        assertThatThrownBy(() -> row(Double.POSITIVE_INFINITY, 0)).hasMessageContaining("token 3");
    }

    /** No report could hold it: neither JSON nor a plot has infinity. */
    @Test
    void refusesAFigureThatIsNoNumber() {
        Perplexity some = new Perplexity(10, 40, 30);

        assertThatThrownBy(() -> new Quality(some, some, 1, Double.POSITIVE_INFINITY))
                .hasMessageStartingWith("divergence: expected a finite number");
        assertThatThrownBy(() -> new Score(Double.NEGATIVE_INFINITY, Score.Better.HIGHER, 1))
                .hasMessageContaining("finite number");
    }

    private static LogitRow row(double... logits) {
        float[] values = new float[logits.length];
        for (int i = 0; i < logits.length; i++) {
            values[i] = (float) logits[i];
        }
        return new LogitRow().read(FloatBuffer.wrap(values), 3);
    }

    private static Quality quality(
            SlidingWindow window,
            @Nullable Integer begin,
            int[] tokens,
            Script original,
            Script candidate) {
        return QualityMeter.quality(
                new WindowWalk(window, begin),
                List.of(original, candidate),
                tokens,
                tokens.length,
                done -> {});
    }

    /** Each token by itself, probabilities multiplied out. */
    private static final class Definition {
        private final int positions;
        private final double divergence;
        private final double agreement;
        private final double natsLost;

        Definition(SlidingWindow window, @Nullable Integer begin, int[] tokens) {
            int first = begin == null ? 1 : 0;
            double divergences = 0;
            double lost = 0;
            int same = 0;
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
                double[] p = probabilities(logits(context, 0));
                double[] q = probabilities(logits(context, 0.7));
                for (int j = 0; j < VOCABULARY; j++) {
                    divergences += p[j] * Math.log(p[j] / q[j]);
                }
                lost += Math.log(p[tokens[i]] / q[tokens[i]]);
                same += highest(p) == highest(q) ? 1 : 0;
            }
            positions = tokens.length - first;
            divergence = divergences / positions;
            natsLost = lost / positions;
            agreement = (double) same / positions;
        }

        private static double[] probabilities(float[] logits) {
            double[] result = new double[logits.length];
            double sum = 0;
            for (int i = 0; i < logits.length; i++) {
                result[i] = Math.exp(logits[i]);
                sum += result[i];
            }
            for (int i = 0; i < logits.length; i++) {
                result[i] /= sum;
            }
            return result;
        }

        private static int highest(double[] values) {
            int best = 0;
            for (int i = 0; i < values.length; i++) {
                best = values[i] > values[best] ? i : best;
            }
            return best;
        }
    }

    /** A model whose answer depends on every token of its context, more or less changed. */
    private static float[] logits(List<Integer> context, double change) {
        Random own = new Random(context.hashCode());
        Random other = new Random(31L * context.hashCode() + 5);
        float[] logits = new float[VOCABULARY];
        for (int i = 0; i < VOCABULARY; i++) {
            logits[i] = (float) (own.nextGaussian() * 2 + change * other.nextGaussian());
        }
        return logits;
    }

    private static final class Script implements PerplexityMeter.Sequence {
        private final double change;
        private final List<Integer> context = new ArrayList<>();
        private int mostRows;
        private int rows;

        Script(double change) {
            this.change = change;
        }

        @Override
        public void restart() {
            context.clear();
        }

        @Override
        public Logits forward(int[] tokens, int from, int to, LogitRows wanted) {
            FloatBuffer values = FloatBuffer.allocate((to - from) * VOCABULARY);
            for (int i = from; i < to; i++) {
                context.add(tokens[i]);
                values.put(logits(context, change));
            }
            values.flip();
            if (wanted == LogitRows.LAST) {
                return new Logits(
                        values.position((to - from - 1) * VOCABULARY).slice(), 1, VOCABULARY);
            }
            mostRows = Math.max(mostRows, to - from);
            rows += to - from;
            return new Logits(values, to - from, VOCABULARY);
        }
    }
}
