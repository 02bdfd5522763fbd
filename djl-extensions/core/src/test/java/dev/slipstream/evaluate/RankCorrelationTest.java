package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RankCorrelationTest {
    @Test
    void equalsTheCorrelationOfPlainRanks() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int trial = 0; trial < 200; trial++) {
            int size = 3 + random.nextInt(40);
            // Few different values: many ties.
            int values = 2 + random.nextInt(50);
            double[] x = random.ints(size, 0, values).asDoubleStream().toArray();
            double[] y = random.doubles(size).map(v -> Math.round(v * values) - 3.5).toArray();
            x[0] = -1;
            y[1] = -9;
            assertThat(RankCorrelation.spearman(x, y))
                    .as("seed %d, trial %d", seed, trial)
                    .isCloseTo(pearson(plainRanks(x), plainRanks(y)), within(1e-12));
        }
    }

    /** A value's rank: those below it, and half of those like it. */
    private static double[] plainRanks(double[] values) {
        double[] ranks = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            for (double other : values) {
                ranks[i] += other < values[i] ? 1 : other == values[i] ? 0.5 : 0;
            }
        }
        return ranks;
    }

    private static double pearson(double[] x, double[] y) {
        int n = x.length;
        double sx = 0;
        double sy = 0;
        double xx = 0;
        double yy = 0;
        double xy = 0;
        for (int i = 0; i < n; i++) {
            sx += x[i];
            sy += y[i];
            xx += x[i] * x[i];
            yy += y[i] * y[i];
            xy += x[i] * y[i];
        }
        return (n * xy - sx * sy) / Math.sqrt((n * xx - sx * sx) * (n * yy - sy * sy));
    }

    @Test
    void isOneForTheSameOrderAndMinusOneForTheOpposite() {
        double[] x = {0.1, 7, 3, -2};
        assertThat(RankCorrelation.spearman(x, new double[] {1, 1000, 2, 0})).isEqualTo(1);
        assertThat(RankCorrelation.spearman(x, new double[] {2, 0, 1, 3})).isEqualTo(-1);
        assertThat(RankCorrelation.spearman(x, new double[] {5, 5, 5, 5})).isNaN();
    }

    @Test
    void refusesSeriesThatDoNotMatch() {
        assertThatThrownBy(() -> RankCorrelation.spearman(new double[3], new double[2]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 and 2");
    }
}
