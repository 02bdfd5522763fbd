package dev.slipstream.spring.openai;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The parameters that chat and text completions share. What is absent or null is as the model's own
 * {@linkplain dev.slipstream.decode.TextGenerator#defaults() defaults} have it; so a temperature
 * that is not given is the model's, not OpenAI's 1.
 *
 * @param n texts for each prompt
 * @param stop a string or a list of up to {@value #MAX_STOPS}
 * @param maxTokens the older name of {@code maxCompletionTokens}, which goes first
 * @param logitBias by token id in decimal digits
 * @param topK not OpenAI's, nor are {@code minP}, {@code repetitionPenalty}, {@code weight} and
 *     {@code slipstream}
 */
record SamplingParameters(
        @Nullable Integer n,
        @Nullable Boolean stream,
        @Nullable StreamOptions streamOptions,
        @Nullable JsonNode stop,
        @Nullable Long seed,
        @Nullable Integer maxTokens,
        @Nullable Integer maxCompletionTokens,
        @Nullable Double temperature,
        @Nullable Double topP,
        @Nullable Double presencePenalty,
        @Nullable Double frequencyPenalty,
        @Nullable Map<String, @Nullable Double> logitBias,
        @Nullable Integer topK,
        @Nullable Double minP,
        @Nullable Double repetitionPenalty,
        @Nullable Double weight,
        @Nullable EffortParameters slipstream) {
    private static final int MAX_TEXTS = 8;
    private static final int MAX_STOPS = 4;

    /** What a stream holds beside the text. */
    record StreamOptions(@Nullable Boolean includeUsage) {}

    /** Checks the parameters that the model's options don't have. */
    SamplingParameters {
        if (n != null && (n < 1 || n > MAX_TEXTS)) {
            throw ApiException.badParameter("n", "expected 1 to " + MAX_TEXTS + ", found " + n);
        }
        if (streamOptions != null && !Boolean.TRUE.equals(stream)) {
            throw ApiException.badParameter("stream_options", "only allowed where stream is true");
        }
    }

    int texts() {
        return n == null ? 1 : n;
    }

    boolean streams() {
        return Boolean.TRUE.equals(stream);
    }

    boolean streamsUsage() {
        return streamOptions != null && Boolean.TRUE.equals(streamOptions.includeUsage());
    }

    /**
     * Returns the options for the model.
     *
     * @param defaults the model's
     * @param vocabularySize the model's
     * @param logprobsParam the parameter that {@code topLogProbabilities} came from
     * @param topLogProbabilities alternatives to report; null reports no log-probabilities
     */
    GenerationOptions options(
            GenerationOptions defaults,
            int vocabularySize,
            String logprobsParam,
            @Nullable Integer topLogProbabilities) {
        try {
            GenerationOptions.Builder b = defaults.toBuilder();
            if (maxCompletionTokens != null) {
                b.maxTokens(maxCompletionTokens);
            } else if (maxTokens != null) {
                b.maxTokens(maxTokens);
            }
            if (temperature != null) {
                b.temperature(temperature);
            }
            if (topK != null) {
                b.topK(topK);
            }
            if (topP != null) {
                b.topP(topP);
            }
            if (minP != null) {
                b.minP(minP);
            }
            if (repetitionPenalty != null) {
                b.repetitionPenalty(repetitionPenalty);
            }
            if (presencePenalty != null) {
                b.presencePenalty(presencePenalty);
            }
            if (frequencyPenalty != null) {
                b.frequencyPenalty(frequencyPenalty);
            }
            if (weight != null) {
                b.weight(weight);
            }
            if (logitBias != null) {
                b.logitBias(biases(logitBias, vocabularySize));
            }
            if (seed != null) {
                b.seed(seed);
            }
            if (stop != null && !stop.isNull()) {
                b.stopStrings(stops(stop));
            }
            if (slipstream != null) {
                b.effort(slipstream.request().over(defaults.effort()));
            }
            b.topLogProbabilities(topLogProbabilities);
            return b.build();
        } catch (InvalidOptionException e) {
            throw refusal(e, logprobsParam);
        }
    }

    /** Returns the answer to an option that the model refuses, by its name in the request. */
    ApiException refusal(InvalidOptionException e, String logprobsParam) {
        String message = String.valueOf(e.getMessage());
        String prefix = e.option() + ": ";
        return ApiException.badParameter(
                parameter(e.option(), logprobsParam),
                message.startsWith(prefix) ? message.substring(prefix.length()) : message);
    }

    private String parameter(String option, String logprobsParam) {
        String effort = EffortParameters.parameter(option);
        if (effort != null) {
            return effort;
        }
        return switch (option) {
            case "topLogProbabilities" -> logprobsParam;
            case "stopStrings" -> "stop";
            case "maxTokens" ->
                    maxCompletionTokens != null ? "max_completion_tokens" : "max_tokens";
            default -> option.replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT);
        };
    }

    private static List<String> stops(JsonNode stop) {
        if (stop.isString()) {
            return List.of(stop.stringValue());
        }
        if (!stop.isArray() || stop.size() > MAX_STOPS) {
            throw ApiException.badParameter(
                    "stop", "expected a string or a list of up to " + MAX_STOPS + " strings");
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode text : stop) {
            if (!text.isString()) {
                throw ApiException.badParameter(
                        "stop[" + texts.size() + "]",
                        "expected a string, found " + RequestReader.shown(text));
            }
            texts.add(text.stringValue());
        }
        return texts;
    }

    private static Map<Integer, Double> biases(
            Map<String, @Nullable Double> written, int vocabularySize) {
        Map<Integer, Double> biases = new HashMap<>();
        written.forEach(
                (id, bias) -> {
                    int token;
                    try {
                        token = Integer.parseInt(id);
                    } catch (NumberFormatException e) {
                        token = -1;
                    }
                    if (token < 0 || token >= vocabularySize || bias == null) {
                        throw ApiException.badParameter(
                                "logit_bias",
                                "expected numbers by token ids from 0 to %d, found %s: %s"
                                        .formatted(vocabularySize - 1, id, bias));
                    }
                    biases.put(token, bias);
                });
        return biases;
    }
}
