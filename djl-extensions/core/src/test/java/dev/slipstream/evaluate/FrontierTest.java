package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class FrontierTest {
    private static final Method CUT =
            Method.of("cut", Method.Kind.PASS, "cut:n=2", "cut:n=4", "cut:n=1");
    private static final Method SKIP = Method.of("skip", Method.Kind.GATE, "skip:k=1", "skip:k=2");
    private static final Method PACK = Method.of("pack", Method.Kind.PASS, "pack");

    private final List<String> begun = new ArrayList<>();
    private final List<Integer> kept = new ArrayList<>();

    @Test
    void triesMethodsInTurnsAndThenWhatPromisesMost() {
        List<FrontierPoint> points = sweep(20, FrontierTest::evaluation, CUT, SKIP, PACK);

        assertThat(begun.subList(0, 6))
                .containsExactly("cut:n=2", "skip:k=1", "pack", "cut:n=4", "skip:k=2", "cut:n=1");
        // pack costs nothing: the best that loses little goes with it first, then the best of all.
        assertThat(begun.subList(6, 8)).containsExactly("cut:n=2 + pack", "cut:n=4 + pack");
        assertThat(begun).contains("cut:n=4 + pack + skip:k=1").doesNotHaveDuplicates();
        assertThat(points.get(6).candidate().passes()).hasSize(2);
        assertThat(points.get(6).methods()).containsExactly("cut", "pack");
        assertThat(kept.get(kept.size() - 1)).isEqualTo(points.size());
    }

    @Test
    void keepsAThirdForCombinationsAndStopsAtItsLimit() {
        sweep(6, FrontierTest::evaluation, CUT, SKIP, PACK);

        assertThat(begun).hasSize(6);
        assertThat(begun.subList(4, 6)).allMatch(plan -> plan.contains(" + "));
    }

    @Test
    void goesOnAfterFailuresAndDoesNotRepeatThem() {
        List<FrontierPoint> points =
                sweep(
                        20,
                        candidate -> {
                            if (candidate.plan().contains("pack")
                                    && candidate.plan().contains("cut")) {
                                throw new IllegalStateException("layer 3 is too small");
                            }
                            return evaluation(candidate);
                        },
                        CUT,
                        SKIP,
                        PACK);

        List<FrontierPoint> failed = points.stream().filter(p -> p.failure() != null).toList();
        assertThat(failed).hasSize(1);
        assertThat(failed.get(0).failure()).isEqualTo("layer 3 is too small");
        assertThat(begun).anyMatch(plan -> plan.startsWith("cut") && plan.contains("skip"));
    }

    @Test
    void combinesNothingThatWasSlowAlone() {
        sweep(
                20,
                candidate ->
                        candidate.plan().equals("pack")
                                ? Evaluations.of(0.01, 0.9)
                                : evaluation(candidate),
                CUT,
                PACK);

        assertThat(begun).containsExactly("cut:n=2", "pack", "cut:n=4", "cut:n=1");
    }

    @Test
    void endsWithWhatThereIs() {
        List<FrontierPoint> points =
                sweep(
                        20,
                        candidate -> {
                            if (begun.size() == 3) {
                                throw new CancellationException();
                            }
                            return evaluation(candidate);
                        },
                        CUT,
                        SKIP);

        assertThat(points).hasSize(2);
        assertThat(kept).containsExactly(1, 2);
    }

    @Test
    void beginsNothingAfterItsTime() {
        Frontier frontier = new Frontier(List.of(CUT), 5, Duration.ZERO);

        assertThat(frontier.sweep(FrontierTest::evaluation, listener())).isEmpty();
    }

    @Test
    void takesAnyTime() {
        Frontier frontier = new Frontier(List.of(CUT), 5, Duration.ofDays(1_000_000));

        assertThat(frontier.sweep(FrontierTest::evaluation, listener())).hasSize(3);
        assertThatThrownBy(() -> new Frontier(List.of(CUT), 5, Duration.ofMinutes(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("limit: expected a time of 0 or more");
    }

    /** Losses add up, ratios multiply. */
    private static Evaluation evaluation(Candidate candidate) {
        double nats = 0;
        double ratio = 1;
        for (String part : candidate.plan().split(" \\+ ")) {
            double[] worth =
                    switch (part) {
                        case "cut:n=1" -> new double[] {0.02, 1.1};
                        case "cut:n=2" -> new double[] {0.05, 1.2};
                        case "cut:n=4" -> new double[] {0.2, 1.6};
                        case "skip:k=1" -> new double[] {0.04, 1.15};
                        case "skip:k=2" -> new double[] {0.4, 1.1};
                        default -> new double[] {0, 1.3};
                    };
            nats += worth[0];
            ratio *= worth[1];
        }
        return Evaluations.of(nats, ratio);
    }

    private List<FrontierPoint> sweep(
            int points, Function<Candidate, Evaluation> evaluator, Method... methods) {
        return new Frontier(List.of(methods), points, Duration.ofHours(1))
                .sweep(evaluator, listener());
    }

    private Frontier.Listener listener() {
        return new Frontier.Listener() {
            @Override
            public void begins(int number, Candidate candidate) {
                begun.add(candidate.plan());
                assertThat(number).isEqualTo(begun.size());
            }

            @Override
            public void found(List<FrontierPoint> points) {
                kept.add(points.size());
            }
        };
    }
}
