package dev.slipstream.spring.openai;

import dev.slipstream.decode.EffortRequest;
import org.jspecify.annotations.Nullable;

/**
 * The object <code>slipstream</code> of a request, which is not OpenAI's: how much of a model with
 * gates is computed.
 *
 * @param effort name of a level
 * @param msPerToken longest time of a decoded token
 * @param skipThreshold cosine from which feed-forwards are skipped
 * @param skipCount how many are skipped then
 * @param skipWarmUp the first tokens of the answer that skip nothing
 */
record EffortParameters(
        @Nullable String effort,
        @Nullable Double msPerToken,
        @Nullable Double skipThreshold,
        @Nullable Integer skipCount,
        @Nullable Integer skipWarmUp) {
    /**
     * Returns the request for the model.
     *
     * @throws dev.slipstream.decode.InvalidOptionException if a value is out of its range
     */
    EffortRequest request() {
        return new EffortRequest(effort, msPerToken, skipThreshold, skipCount, skipWarmUp);
    }

    /** Returns the name of a parameter; null if the option is not one of these. */
    static @Nullable String parameter(String option) {
        return switch (option) {
            case "effort" -> "slipstream.effort";
            case "millisPerToken" -> "slipstream.ms_per_token";
            case "skipThreshold" -> "slipstream.skip_threshold";
            case "skipCount" -> "slipstream.skip_count";
            case "skipWarmUp" -> "slipstream.skip_warm_up";
            default -> null;
        };
    }
}
