package dev.slipstream.samples.cli;

import dev.slipstream.evaluate.Candidate;
import dev.slipstream.evaluate.Evaluation;
import dev.slipstream.evaluate.Footprint;
import dev.slipstream.evaluate.FrontierPoint;
import dev.slipstream.evaluate.Perplexity;
import dev.slipstream.evaluate.Quality;
import dev.slipstream.evaluate.Speed;
import dev.slipstream.evaluate.Spread;
import dev.slipstream.pass.PassSpec;
import java.util.List;

/** Made-up results of a sweep. */
final class Sweeps {
    private Sweeps() {}

    static FrontierPoint measured(String pass, String method, double nats, double ratio) {
        Spread rate = new Spread(100 * ratio, 90 * ratio, 110 * ratio);
        Spread first = new Spread(0.01, 0.009, 0.02);
        Quality quality =
                new Quality(
                        new Perplexity(100, 400, 300),
                        new Perplexity(100, 400, 300 + 100 * nats),
                        0.9,
                        0.02);
        return new FrontierPoint(
                candidate(pass),
                List.of(method),
                new Evaluation(
                        quality,
                        new Speed(
                                rate,
                                rate,
                                new Spread(ratio, ratio - 0.02, ratio + 0.03),
                                first,
                                first,
                                new Spread(1, 0.9, 1.1)),
                        new Footprint(5_000_000, 9_000_000L),
                        new Footprint(4_000_000, null),
                        List.of()),
                null,
                1.5);
    }

    static FrontierPoint failed(String pass, String method, String failure) {
        return new FrontierPoint(candidate(pass), List.of(method), null, failure, 0.1);
    }

    private static Candidate candidate(String pass) {
        return new Candidate(List.of(PassSpec.parse(pass)), List.of(), null);
    }

    static FrontierReport report(String model, List<FrontierPoint> points) {
        return FrontierReport.of(
                model,
                new FrontierReport.Setting(
                        "/models/" + model,
                        "fp32",
                        1,
                        "text.txt",
                        List.of("text.txt"),
                        true,
                        2000,
                        8,
                        128,
                        256,
                        128,
                        64,
                        3,
                        List.of("finercut", "quantise"),
                        "2026-11-29T08:00:00Z"),
                Machine.here(),
                FrontierReport.State.DONE,
                points);
    }
}
