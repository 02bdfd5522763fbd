package dev.slipstream.samples.cli;

import dev.slipstream.decode.EffortRequest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How much of a model with gates is computed; what is not given stays as the model has it. */
final class EffortOptions {
    @Option(
            names = "--effort",
            paramLabel = "LEVEL",
            description =
                    "How much of a model with gates is computed: best, balanced or fast. Default:"
                            + " best, the whole model.")
    private @Nullable String level;

    @Option(
            names = "--ms-per-token",
            paramLabel = "MS",
            description = "Instead of a level: the best one that is measured to keep this time.")
    private @Nullable Double millisPerToken;

    @Option(
            names = "--skip-threshold",
            paramLabel = "COSINE",
            description = "Skip feed-forwards from this cosine on; above 1 never.")
    private @Nullable Double skipThreshold;

    @Option(
            names = "--skip-count",
            paramLabel = "K",
            description = "How many feed-forwards are skipped at a time.")
    private @Nullable Integer skipCount;

    @Option(
            names = "--skip-warm-up",
            paramLabel = "N",
            description = "The first N tokens of the text skip nothing.")
    private @Nullable Integer skipWarmUp;

    /**
     * Returns a model's recommended request, changed by what was given.
     *
     * @throws dev.slipstream.decode.InvalidOptionException if a value is out of its range
     */
    EffortRequest over(EffortRequest defaults) {
        return new EffortRequest(level, millisPerToken, skipThreshold, skipCount, skipWarmUp)
                .over(defaults);
    }
}
