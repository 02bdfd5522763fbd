package dev.slipstream.samples.cli;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The knobs of the decoder; what is not given stays as the model recommends. */
final class SamplingOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            description = "The most new tokens.")
    private @Nullable Integer maxTokens;

    @Option(
            names = {"-t", "--temperature"},
            paramLabel = "T",
            description = "Divides the logits; 0 takes the likeliest token always.")
    private @Nullable Double temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Keep the K likeliest; 0 is off.")
    private @Nullable Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Keep the fewest likeliest tokens that reach this sum; 1 is off.")
    private @Nullable Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Keep tokens this fraction as likely as the likeliest; 0 is off.")
    private @Nullable Double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "X",
            description = "Weakens tokens of prompt and output; 1 is off.")
    private @Nullable Double repetitionPenalty;

    @Option(
            names = "--presence-penalty",
            paramLabel = "X",
            description = "Subtracted from the logits of tokens in the output; 0 is off.")
    private @Nullable Double presencePenalty;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "X",
            description = "Subtracted for every occurrence in the output; 0 is off.")
    private @Nullable Double frequencyPenalty;

    @Option(
            names = "--logit-bias",
            paramLabel = "ID=VALUE",
            description = "Added to the logit of a token id; may be repeated.")
    private Map<Integer, Double> logitBias = new LinkedHashMap<>();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the random draws. Default: a fresh one, told in the statistics.")
    private @Nullable Long seed;

    @Option(
            names = {"-s", "--stop"},
            paramLabel = "TEXT",
            description = "End before this text comes up; may be repeated.")
    private List<String> stop = List.of();

    @Option(
            names = "--ignore-end",
            description = "Go on past the model's own end token, up to --max-tokens.")
    private boolean ignoreEnd;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "The longest time for the text, fractions allowed. Default: no limit.")
    private @Nullable Double timeout;

    @Option(
            names = "--logprobs",
            paramLabel = "N",
            description =
                    "Report each token's log-probability and the N likeliest alternatives, 0 to"
                            + " 20.")
    private @Nullable Integer logprobs;

    @Mixin private EffortOptions effort = new EffortOptions();

    /**
     * Returns a model's recommended options, changed by those that were given.
     *
     * @throws dev.slipstream.decode.InvalidOptionException if one is out of its range
     */
    GenerationOptions over(GenerationOptions defaults) {
        GenerationOptions.Builder options = defaults.toBuilder();
        if (maxTokens != null) {
            options.maxTokens(maxTokens);
        }
        if (temperature != null) {
            options.temperature(temperature);
        }
        if (topK != null) {
            options.topK(topK);
        }
        if (topP != null) {
            options.topP(topP);
        }
        if (minP != null) {
            options.minP(minP);
        }
        if (repetitionPenalty != null) {
            options.repetitionPenalty(repetitionPenalty);
        }
        if (presencePenalty != null) {
            options.presencePenalty(presencePenalty);
        }
        if (frequencyPenalty != null) {
            options.frequencyPenalty(frequencyPenalty);
        }
        if (!logitBias.isEmpty()) {
            options.logitBias(logitBias);
        }
        if (!stop.isEmpty()) {
            options.stopStrings(stop);
        }
        if (ignoreEnd) {
            options.ignoreEndOfText(true);
        }
        if (timeout != null) {
            if (!(timeout >= 0)) {
                throw new InvalidOptionException(
                        "deadline", "expected 0 or more seconds, found " + timeout);
            }
            // Casting clips what is too large: 292 years are no limit.
            options.deadline(Duration.ofNanos((long) (timeout * 1e9)));
        }
        if (logprobs != null) {
            options.topLogProbabilities(logprobs);
        }
        options.effort(effort.over(defaults.effort()));
        options.seed(seed != null ? seed : defaults.seed());
        GenerationOptions result = options.build();
        return result.temperature() > 0 && result.seed() == null
                ? result.toBuilder().seed(ThreadLocalRandom.current().nextLong(1L << 31)).build()
                : result;
    }

    /** Returns the error of a wrong option, by its name on the command line. */
    ParameterException usage(InvalidOptionException e) {
        return WrongOption.of(command.commandLine(), e);
    }
}
