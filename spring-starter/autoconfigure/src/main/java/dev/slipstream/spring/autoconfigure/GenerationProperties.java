package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;

/**
 * What a model generates when a request does not say otherwise. Whatever is left out keeps the
 * model's own recommendation.
 *
 * @param maxTokens Most new tokens, at least 0.
 * @param temperature Divides the logits; 0 takes the likeliest token (greedy).
 * @param topK Keeps the k likeliest tokens; 0 keeps all.
 * @param topP Keeps the fewest likeliest tokens whose probabilities reach this sum; 1 keeps all.
 * @param minP Keeps tokens at least this fraction as likely as the likeliest; 0 keeps all.
 * @param repetitionPenalty Weakens tokens that occur in prompt or output; 1 changes nothing.
 * @param presencePenalty Subtracted from the logits of tokens that occur in the output.
 * @param frequencyPenalty Subtracted once for every occurrence in the output.
 * @param seed Seed of the random draws; a fresh one each time if left out.
 * @param stop Texts that end the answer where they begin.
 * @param deadline Longest time from submission to the last token, such as 30s.
 * @param weight Share of the model where requests compete, above 0 and at most 100; 1 is a plain
 *     share.
 * @param effort How much of a model with gates is computed: best, balanced or fast.
 * @param millisPerToken Longest time of a decoded token: the best level that keeps it is taken; not
 *     together with effort.
 * @param skipThreshold Cosine from which feed-forwards are skipped, where the model can.
 * @param skipCount How many feed-forwards are skipped at a time.
 * @param skipWarmUp First tokens of an answer that skip nothing.
 */
public record GenerationProperties(
        @Nullable Integer maxTokens,
        @Nullable Double temperature,
        @Nullable Integer topK,
        @Nullable Double topP,
        @Nullable Double minP,
        @Nullable Double repetitionPenalty,
        @Nullable Double presencePenalty,
        @Nullable Double frequencyPenalty,
        @Nullable Long seed,
        @Nullable List<String> stop,
        @Nullable Duration deadline,
        @Nullable Double weight,
        @Nullable String effort,
        @Nullable Double millisPerToken,
        @Nullable Double skipThreshold,
        @Nullable Integer skipCount,
        @Nullable Integer skipWarmUp) {

    /** Options whose property is not called as they are. */
    private static final Map<String, String> PROPERTY_OF_OPTION = Map.of("stopStrings", "stop");

    /**
     * Returns the defaults with what is set here laid over them.
     *
     * @param defaults of the model
     * @throws InvalidOptionException if a value is out of its range
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
        if (seed != null) {
            options.seed(seed);
        }
        if (stop != null) {
            options.stopStrings(stop);
        }
        if (deadline != null) {
            options.deadline(deadline);
        }
        if (weight != null) {
            options.weight(weight);
        }
        EffortRequest own =
                new EffortRequest(effort, millisPerToken, skipThreshold, skipCount, skipWarmUp);
        options.effort(own.over(defaults.effort()));
        return options.build();
    }

    /** Checks every value; {@code prefix} is the full name of this group of properties. */
    void check(String prefix) {
        check(prefix, () -> over(GenerationOptions.greedy()));
    }

    /**
     * Uses the values.
     *
     * @param prefix is the full name of this group of properties
     * @param use throws an {@link InvalidOptionException} if one is wrong
     * @throws SlipstreamConfigurationException in its place, with the property's name
     */
    static void check(String prefix, Runnable use) {
        try {
            use.run();
        } catch (InvalidOptionException e) {
            String property = PROPERTY_OF_OPTION.getOrDefault(e.option(), e.option());
            throw new SlipstreamConfigurationException(
                    prefix + "." + DataObjectPropertyName.toDashedForm(property),
                    e.getMessage(),
                    e);
        }
    }
}
