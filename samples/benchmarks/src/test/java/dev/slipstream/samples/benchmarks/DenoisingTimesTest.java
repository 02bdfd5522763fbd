package dev.slipstream.samples.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What measured times say of using attention again. */
class DenoisingTimesTest {
    private static final Offset<Double> CLOSE = within(1e-9);

    /** Computed runs take 20 ms and 10 ms more for each 1,000 tokens, reused ones 20 ms. */
    private static DenoisingTimes times(double reusedShare, double reused) {
        TreeMap<Integer, DenoisingTimes.Times> byContext = new TreeMap<>();
        for (int context : new int[] {500, 1000, 4000}) {
            double computed = 20 + 0.01 * context;
            byContext.put(context, new DenoisingTimes.Times(computed, computed, reused));
        }
        return new DenoisingTimes(16, reusedShare, 46080, 3, byContext);
    }

    @ParameterizedTest
    @CsvSource({
        "16, 1, 2, 0.5",
        "16, 1.5, 2, 0.45454545",
        "16, 2, 2, 0",
        "16, 2, 3, 0.5",
        "16, 1, 1, 0",
        "16, 1, 4, 0.75",
        "1, 1, 2, 0",
        "2, 1, 2, 0.5",
        "32, 40, 2, 0"
    })
    void theShareOfRunsIsThatOfTheRule(int block, double perRun, int changes, double share) {
        assertThat(DenoisingTimes.reusedShare(block, perRun, changes))
                .isCloseTo(share, within(1e-6));
    }

    @Test
    void itPaysWhereTheLinesSaySo() {
        // Half of the runs save 0.01 ms a token: 0.97 (20 + 0.01 n) = 20 + 0.005 n.
        assertThat(times(0.5, 20).worthFrom()).isCloseTo(0.6 / 0.0047, CLOSE);
        assertThat(times(0, 20).worthFrom()).isInfinite();
        assertThat(times(1, 1).worthFrom()).isZero();
    }

    @Test
    void theTableSaysWhatWasMeasured() {
        assertThat(times(0.5, 20).markdown())
                .contains(
                        "Blocks of 16 places, 50 % of the runs reused",
                        "| 1000 | 30.0 | 30.0 | 20.0 | 25.0 | 16.7 % | 43.9 MiB | 2.1 MiB |",
                        "| 4000 | 60.0 | 60.0 | 20.0 | 40.0 | 33.3 % | 175.8 MiB | 2.1 MiB |",
                        "computed 10.00 ms, reused 0.00 ms. The mix saves 3 % from a context of 128 on.");
        assertThat(times(0, 20).markdown()).contains("The mix saves 3 % behind no text.");
    }

    @Test
    void theLineIsThatOfTheLeastSquares() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        TreeMap<Integer, Double> points = new TreeMap<>();
        for (int i = 0; i < 6; i++) {
            points.put(10 * i + random.nextInt(10), random.nextGaussian());
        }
        Line line = Line.through(points);
        double least = squares(line, points);
        for (double step : new double[] {-0.001, 0.001}) {
            assertThat(squares(new Line(line.start() + step, line.slope()), points))
                    .as("seed %d", seed)
                    .isGreaterThan(least);
            assertThat(squares(new Line(line.start(), line.slope() + step), points))
                    .as("seed %d", seed)
                    .isGreaterThan(least);
        }
        assertThatThrownBy(() -> Line.through(Map.of(1, 1.0)))
                .hasMessage("points: expected 2 or more for a line, found 1");
    }

    private static double squares(Line line, Map<Integer, Double> points) {
        return points.entrySet().stream()
                .mapToDouble(
                        point -> line.start() + line.slope() * point.getKey() - point.getValue())
                .map(distance -> distance * distance)
                .sum();
    }

    @Test
    void wrongWordsAreRefused() {
        assertThat(Main.execute("denoising", "--past", "64")).isEqualTo(1);
        assertThat(Main.execute("denoising", "--block", "0")).isEqualTo(1);
        assertThat(Main.execute("denoising", "--per-run", "0.5")).isEqualTo(1);
        assertThat(Main.execute("denoising", "--runs", "0")).isEqualTo(1);
        assertThat(Main.execute("denoising", "--runs", "many")).isEqualTo(2);
    }
}
