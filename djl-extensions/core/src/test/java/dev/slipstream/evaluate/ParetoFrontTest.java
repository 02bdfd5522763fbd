package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParetoFrontTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void agreesWithComparingAllPairs(long seed) {
        Random random = new Random(seed);
        for (int trial = 0; trial < 50; trial++) {
            List<FrontierPoint> points = new ArrayList<>();
            for (int i = 0; i < random.nextInt(20); i++) {
                // Few values, so that ties occur.
                points.add(
                        Evaluations.point(
                                "p:n=" + i,
                                (random.nextInt(9) - 2) / 8.0,
                                0.5 + random.nextInt(8) / 4.0));
            }
            points.add(Evaluations.failed("broken"));

            List<FrontierPoint> front = ParetoFront.of(points);

            List<FrontierPoint> expected = new ArrayList<>();
            for (FrontierPoint point : points) {
                boolean stays = point.failure() == null && !beaten(0, 1, point);
                for (FrontierPoint other : points) {
                    if (stays && other.failure() == null) {
                        stays = !beaten(Evaluations.nats(other), Evaluations.ratio(other), point);
                    }
                }
                if (stays) {
                    expected.add(point);
                }
            }
            assertThat(front).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(expected);
            assertThat(front.stream().map(Evaluations::ratio).toList()).isSorted();
        }
    }

    private static boolean beaten(double nats, double ratio, FrontierPoint point) {
        double own = Evaluations.nats(point);
        double rate = Evaluations.ratio(point);
        return nats == own && ratio > rate || nats < own && ratio >= rate;
    }
}
