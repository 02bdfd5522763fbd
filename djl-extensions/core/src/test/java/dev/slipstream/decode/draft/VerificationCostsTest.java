package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class VerificationCostsTest {
    private static final String STORIES =
            "../models/src/main/resources/META-INF/slipstream/models/stories260k";

    @Test
    void measuresARealModel() {
        try (AutoregressiveGenerator generator = Models.open(STORIES, LoadOptions.defaults())) {
            DecoderModel model = generator.model().decoder();
            VerificationCosts costs = VerificationCosts.measure(model, Duration.ofMillis(200));
            double before = 0;
            for (int rows = 1; rows <= 80; rows++) {
                assertThat(costs.nanos(rows)).as(rows + " rows").isFinite().isPositive();
                assertThat(costs.nanos(rows)).as(rows + " rows").isGreaterThanOrEqualTo(before);
                before = costs.nanos(rows);
            }
        }
    }

    @Test
    void realRunsKeepTheirPast() {
        try (AutoregressiveGenerator generator = Models.open(STORIES, LoadOptions.defaults());
                CostRuns runs = new CostRuns(generator.model().decoder())) {
            assertThat(runs.past()).isEqualTo(128);
            assertThat(runs.mostRows()).isEqualTo(32);
            for (int i = 0; i < 8; i++) {
                runs.extend(16);
            }
            for (int i = 0; i < 20; i++) {
                runs.run(32);
                runs.rewind();
            }
            assertThat(runs.count()).isEqualTo(28);
        }
    }

    @Test
    void aSlowModelIsRunFewTimes() {
        FakeRuns slow = new FakeRuns(100_000_000, 0.1);
        SortedMap<Integer, Double> costs = slow.measure(500_000_000, 128, 32);
        assertThat(slow.past).isEqualTo(16);
        assertThat(costs.keySet()).containsExactly(1, 2);
        assertThat(slow.sizes).hasSize(2);

        FakeRuns quick = new FakeRuns(1_000_000, 0.1);
        assertThat(quick.measure(500_000_000, 128, 32).keySet())
                .containsExactly(1, 2, 3, 4, 6, 8, 12, 16, 24, 32);
        assertThat(quick.past).isEqualTo(128);
        assertThat(quick.clock).isLessThanOrEqualTo(500_000_000L);
        assertThat(quick.sizes.size()).isGreaterThan(100);
        assertThat(quick.sizes.subList(10, 20)).doesNotHaveDuplicates();

        FakeRuns noBudget = new FakeRuns(1_000_000, 0.1);
        assertThat(noBudget.measure(0, 128, 32).keySet()).containsExactly(1, 2);
    }

    @Test
    void aShortContextLimitsTheSizes() {
        FakeRuns tiny = new FakeRuns(1000, 0.1);
        assertThat(tiny.measure(500_000_000, 5, 5).keySet()).containsExactly(1, 2, 3, 4);
        assertThat(tiny.past).isEqualTo(5);
        assertThat(new FakeRuns(1000, 0.1).measure(500_000_000, 1, 1).keySet()).containsExactly(1);
    }

    @Test
    void takesTheLeastOfDisturbedRuns() {
        FakeRuns runs = new FakeRuns(1_000_000, 0.1);
        runs.disturbance = new Random(1);
        SortedMap<Integer, Double> costs = runs.measure(500_000_000, 128, 32);
        costs.forEach(
                (rows, nanos) ->
                        assertThat(nanos)
                                .as(rows + " rows")
                                .isCloseTo(1e6 * (0.9 + 0.1 * rows), within(1.0)));
    }

    @Test
    void goesThroughWhatWasMeasuredAndOnBeyond() {
        VerificationCosts costs = of(1, 100, 2, 130, 4, 120, 8, 200);
        // Two rows cannot take longer than four.
        assertThat(costs.nanos(2)).isEqualTo(120);
        assertThat(costs.nanos(3)).isEqualTo(120);
        assertThat(costs.nanos(6)).isEqualTo(160);
        assertThat(costs.nanos(8)).isEqualTo(200);
        assertThat(costs.nanos(16)).isEqualTo(360);
        assertThat(costs.nanos(64)).isCloseTo(1320, within(1e-6));
        // Flat so far, but some row must cost more.
        assertThat(of(1, 100, 2, 100).nanos(12)).isCloseTo(200, within(1e-6));
        // Nothing known: n rows as n runs.
        assertThat(of(1, 100).nanos(8)).isCloseTo(800, within(1e-6));
    }

    @Test
    void refusesWhatIsNoCost() {
        assertThatThrownBy(() -> of(2, 100)).hasMessageContainingAll("1 row", "[2]");
        assertThatThrownBy(() -> of(1, 0)).hasMessageContaining("above 0");
        assertThatThrownBy(() -> of(1, Double.NaN)).hasMessageContaining("NaN");
        assertThatThrownBy(() -> of(0, 1, 1, 1)).hasMessageContaining("at least 1 row");
    }

    @Test
    void growsWithTheTextAsAWhole() {
        VerificationCosts costs = of(1, 1000, 2, 1200, 4, 1500, 8, 2000, 16, 3000, 32, 5000);
        for (int i = 0; i < 200; i++) {
            double slower = 1 + i / 200.0;
            int rows = i % 3 == 0 ? 5 : 1;
            costs.observe(rows, Math.round(slower * (rows == 1 ? 1000 : 1625)));
        }
        assertThat(costs.nanos(1)).isCloseTo(2000, within(200.0));
        assertThat(costs.nanos(16) / costs.nanos(1)).isCloseTo(3, within(0.4));
    }

    @Test
    void correctsItsShape() {
        VerificationCosts costs = of(1, 1000, 2, 1200);
        double[] real = {1000, 1500, 2000, 2500, 3000, 3500};
        Random random = new Random(2);
        for (int i = 0; i < 2000; i++) {
            int rows = 1 + random.nextInt(real.length);
            costs.observe(rows, Math.round(real[rows - 1] * (0.95 + 0.1 * random.nextDouble())));
        }
        for (int rows : new int[] {1, 2, 3, 4, 6}) {
            assertThat(costs.nanos(rows) / real[rows - 1])
                    .as(rows + " rows")
                    .isCloseTo(1, within(0.08));
        }
    }

    @Test
    void outliersHardlyCount() {
        VerificationCosts costs = of(1, 1000, 2, 1200);
        costs.observe(1, Long.MAX_VALUE);
        assertThat(costs.nanos(1)).isLessThan(1120);
        costs.observe(1, 0);
        costs.observe(1, -5);
        assertThat(costs.nanos(1)).isLessThan(1120);
    }

    private static VerificationCosts of(double... rowsAndNanos) {
        TreeMap<Integer, Double> costs = new TreeMap<>();
        for (int i = 0; i < rowsAndNanos.length; i += 2) {
            costs.put((int) rowsAndNanos[i], rowsAndNanos[i + 1]);
        }
        return VerificationCosts.of(costs);
    }

    /** Runs that only move a clock. */
    private static final class FakeRuns implements CostMeasurement.Runs {
        private final List<Integer> sizes = new ArrayList<>();
        private final double step;
        private final double slope;
        private Random disturbance = new Random(0);
        private long clock;
        private int past;

        FakeRuns(double step, double slope) {
            this.step = step;
            this.slope = slope;
        }

        SortedMap<Integer, Double> measure(long budget, int past, int mostRows) {
            return new CostMeasurement(this, () -> clock, budget).measure(past, mostRows);
        }

        @Override
        public void extend(int rows) {
            past += rows;
            clock += Math.round(step * (1 - slope + slope * rows));
        }

        @Override
        public void run(int rows) {
            sizes.add(rows);
            clock += Math.round(step * (1 - slope + slope * rows));
            if (disturbance.nextInt(3) == 0 && sizes.size() > 10) {
                clock += disturbance.nextInt((int) step);
            }
        }

        @Override
        public void rewind() {
            clock += 1000;
        }
    }
}
