package dev.slipstream.evaluate;

import dev.slipstream.pass.PassSpec;
import java.util.List;
import java.util.Objects;

/** Made-up results. */
final class Evaluations {
    private Evaluations() {}

    static Evaluation of(double nats, double ratio) {
        Footprint footprint = new Footprint(1000, null);
        Spread one = new Spread(1, 1, 1);
        return new Evaluation(
                new Quality(
                        new Perplexity(10, 20, 30),
                        new Perplexity(10, 20, 30 + 10 * nats),
                        0.9,
                        0.01),
                new Speed(one, one, new Spread(ratio, ratio, ratio), one, one, one),
                footprint,
                footprint,
                List.of());
    }

    static FrontierPoint point(String plan, double nats, double ratio) {
        return new FrontierPoint(candidate(plan), List.of("p"), of(nats, ratio), null, 1);
    }

    static FrontierPoint failed(String plan) {
        return new FrontierPoint(candidate(plan), List.of("p"), null, "refused", 1);
    }

    static double nats(FrontierPoint point) {
        return Objects.requireNonNull(point.evaluation()).quality().natsLost();
    }

    static double ratio(FrontierPoint point) {
        return Objects.requireNonNull(point.evaluation()).speed().ratio().median();
    }

    private static Candidate candidate(String plan) {
        return new Candidate(List.of(PassSpec.parse(plan)), List.of(), null);
    }
}
