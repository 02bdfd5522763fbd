package dev.slipstream.decode.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Which predictions are kept, against rules that are checked subset by subset. */
class UnmaskingTest {
    private static final int MASK = 99;

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);

    @RepeatedTest(50)
    void theMostConfidentAreKept() {
        ActiveBlock block = block();
        Predictions predictions = predictions(block.length());
        int least = 1 + random.nextInt(block.unknown());
        for (ConfidenceKind kind : ConfidenceKind.values()) {
            BitSet chosen = new StaticUnmasking(kind).choose(block, predictions, least);
            assertThat(chosen.cardinality()).as("seed %d", seed).isEqualTo(least);
            assertNoBetterIsLeft(block, chosen, kind, predictions);

            double threshold = kind == ConfidenceKind.NEGATIVE_ENTROPY ? -1.5 : 0.6;
            BitSet sure =
                    new ConfidenceUnmasking(threshold, kind).choose(block, predictions, least);
            assertThat(sure.cardinality()).isGreaterThanOrEqualTo(least);
            assertNoBetterIsLeft(block, sure, kind, predictions);
            for (int place = 0; place < block.length(); place++) {
                boolean enough = !block.known(place) && kind.of(predictions, place) >= threshold;
                boolean more = sure.cardinality() > least;
                assertThat(sure.get(place))
                        .as("place %d, seed %d", place, seed)
                        .isEqualTo(more ? enough : sure.get(place) || enough);
            }
        }
    }

    /** What is kept is known not to be, and what is left is no more confident, or further right. */
    private void assertNoBetterIsLeft(
            ActiveBlock block, BitSet chosen, ConfidenceKind kind, Predictions predictions) {
        for (int in = 0; in < block.length(); in++) {
            for (int out = 0; out < block.length(); out++) {
                if (chosen.get(in) && !chosen.get(out) && !block.known(out)) {
                    double kept = kind.of(predictions, in);
                    double left = kind.of(predictions, out);
                    assertThat(kept > left || kept == left && in < out)
                            .as("%d before %d, seed %d", in, out, seed)
                            .isTrue();
                }
            }
            assertThat(chosen.get(in) && block.known(in)).isFalse();
        }
    }

    /** The largest set of lowest entropies whose sum without the largest is within the bound. */
    @RepeatedTest(50)
    void theLowestEntropiesAreKeptWithinTheBound() {
        ActiveBlock block = block();
        Predictions predictions = predictions(block.length());
        int least = 1 + random.nextInt(block.unknown());
        double bound = 3 * random.nextDouble();
        BitSet chosen = new EntropyBoundedUnmasking(bound).choose(block, predictions, least);
        int allowed = 0;
        for (int count = 1; count <= block.unknown(); count++) {
            BitSet lowest = lowest(block, predictions, count);
            double sum = 0;
            double largest = 0;
            for (int place : lowest.stream().toArray()) {
                sum += predictions.entropies()[place];
                largest = Math.max(largest, predictions.entropies()[place]);
            }
            allowed = sum - largest <= bound + 1e-12 ? count : allowed;
        }
        assertThat(chosen)
                .as("seed %d", seed)
                .isEqualTo(lowest(block, predictions, Math.max(least, allowed)));
    }

    private static BitSet lowest(ActiveBlock block, Predictions predictions, int count) {
        BitSet lowest = new BitSet();
        for (int i = 0; i < count; i++) {
            int best = -1;
            for (int place = 0; place < block.length(); place++) {
                if (!block.known(place)
                        && !lowest.get(place)
                        && (best < 0
                                || predictions.entropies()[place]
                                        < predictions.entropies()[best])) {
                    best = place;
                }
            }
            lowest.set(best);
        }
        return lowest;
    }

    @Test
    void aBoundOfZeroKeepsOne() {
        ActiveBlock block = new ActiveBlock(4, MASK);
        double[] some = {0.5, 0.2, 0.3, 0.4};
        Predictions predictions = new Predictions(new int[4], some, some, some, some);
        assertThat(new EntropyBoundedUnmasking(0).choose(block, predictions, 1).toString())
                .isEqualTo("{1}");
    }

    @Test
    void quotasShareThePlacesOut() {
        for (int places = 1; places <= 33; places++) {
            for (int steps = 0; steps <= 40; steps++) {
                StepQuota quota = new StepQuota(steps);
                int all = steps == 0 ? places : Math.min(steps, places);
                int sum = 0;
                int before = Integer.MAX_VALUE;
                for (int step = 0; step < all; step++) {
                    int of = quota.of(places, step);
                    assertThat(of).isBetween(1, before);
                    before = of;
                    sum += of;
                }
                assertThat(sum).as("%d places, %d steps", places, steps).isEqualTo(places);
                assertThat(before).isGreaterThanOrEqualTo(places / all);
            }
        }
    }

    @Test
    void thresholdsThatNothingCanReachAreRefused() {
        for (double threshold : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThatThrownBy(() -> new ConfidenceUnmasking(threshold))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(
                            "expected 0.0 to 1.0 for PROBABILITY, found " + threshold);
        }
        assertThatThrownBy(() -> new ConfidenceUnmasking(0.1, ConfidenceKind.NEGATIVE_ENTROPY))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new EntropyBoundedUnmasking(-1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new FixedBlocks(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ContextReuse(0, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private ActiveBlock block() {
        ActiveBlock block = new ActiveBlock(2 + random.nextInt(16), MASK);
        for (int place = 1; place < block.length(); place++) {
            if (random.nextInt(3) == 0) {
                block.commit(place, place);
            }
        }
        return block;
    }

    /** With some that are equal. */
    private Predictions predictions(int length) {
        return new Predictions(
                random.ints(length, 0, MASK).toArray(),
                numbers(length, 1),
                numbers(length, 3),
                numbers(length, 1),
                numbers(length, 1));
    }

    private double[] numbers(int length, double most) {
        double[] numbers = new double[length];
        for (int i = 0; i < length; i++) {
            numbers[i] = most * (1 + random.nextInt(10)) / 10;
        }
        return numbers;
    }
}
