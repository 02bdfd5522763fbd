package dev.slipstream.decode;

import org.jspecify.annotations.Nullable;

/**
 * How much of a model one request wants to pay for: by the name of a level, or by time, and with
 * other knobs of skipping than the level's. What the model offers is in {@link EffortLevels}.
 *
 * @param level {@code best}, {@code balanced} or {@code fast}; null takes {@code best}, or the one
 *     that the time allows
 * @param millisPerToken the longest time of a decoded token, above 0: the best level that is
 *     measured to keep it is taken; null sets none. Not together with a level
 * @param skipThreshold the cosine above which feed-forwards are skipped, -1 or more; above 1 never;
 *     null takes the level's. It turns skipping on where the level does not skip, as do the two
 *     others
 * @param skipCount how many are skipped then, 0 or more; null takes the level's
 * @param skipWarmUp the first tokens of the answer that skip nothing, 0 or more; null takes the
 *     model's
 */
public record EffortRequest(
        @Nullable String level,
        @Nullable Double millisPerToken,
        @Nullable Double skipThreshold,
        @Nullable Integer skipCount,
        @Nullable Integer skipWarmUp) {
    /** Asks for nothing: the whole model. */
    public static final EffortRequest NONE = new EffortRequest(null, null, null, null, null);

    /** Checks every value; a wrong one is an {@link InvalidOptionException} that names it. */
    public EffortRequest {
        if (level != null && level.isBlank()) {
            throw new InvalidOptionException(
                    "effort", "expected the name of a level, found an empty one; leave it out");
        }
        if (millisPerToken != null) {
            OptionChecks.aboveZero(
                    "millisPerToken", millisPerToken, 1e9, "1 is 1000 tokens a second");
            if (level != null) {
                throw new InvalidOptionException(
                        "millisPerToken",
                        "expected a time or the name of a level, found both, %s and %s; leave one out"
                                .formatted(millisPerToken, level));
            }
        }
        if (skipThreshold != null && !(skipThreshold >= -1 && skipThreshold <= 100)) {
            throw new InvalidOptionException(
                    "skipThreshold",
                    "expected a cosine from -1 to 1, or more to skip nothing, found "
                            + skipThreshold);
        }
        if (skipCount != null) {
            OptionChecks.notNegative("skipCount", skipCount, "0 skips nothing");
        }
        if (skipWarmUp != null) {
            OptionChecks.notNegative("skipWarmUp", skipWarmUp, "0 skips from the first token on");
        }
    }

    /** Returns the request for a level, with its own knobs. */
    public static EffortRequest of(String level) {
        return NONE.withLevel(level);
    }

    /** Returns the same for another level; null for none. */
    public EffortRequest withLevel(@Nullable String value) {
        return new EffortRequest(value, millisPerToken, skipThreshold, skipCount, skipWarmUp);
    }

    /** Returns the same for another time of a token; null for none. */
    public EffortRequest withMillisPerToken(@Nullable Double value) {
        return new EffortRequest(level, value, skipThreshold, skipCount, skipWarmUp);
    }

    /** Returns the same with another threshold; null for the level's. */
    public EffortRequest withSkipThreshold(@Nullable Double value) {
        return new EffortRequest(level, millisPerToken, value, skipCount, skipWarmUp);
    }

    /** Returns the same with another count; null for the level's. */
    public EffortRequest withSkipCount(@Nullable Integer value) {
        return new EffortRequest(level, millisPerToken, skipThreshold, value, skipWarmUp);
    }

    /** Returns the same with another warm-up; null for the model's. */
    public EffortRequest withSkipWarmUp(@Nullable Integer value) {
        return new EffortRequest(level, millisPerToken, skipThreshold, skipCount, value);
    }

    /**
     * Returns this request where it says something, and another one's where it does not. A level
     * and a time stand in each other's place.
     */
    public EffortRequest over(EffortRequest defaults) {
        boolean chosen = level != null || millisPerToken != null;
        return new EffortRequest(
                chosen ? level : defaults.level,
                chosen ? millisPerToken : defaults.millisPerToken,
                skipThreshold != null ? skipThreshold : defaults.skipThreshold,
                skipCount != null ? skipCount : defaults.skipCount,
                skipWarmUp != null ? skipWarmUp : defaults.skipWarmUp);
    }

    /** Tells whether it has knobs of skipping of its own. */
    boolean setsSkipping() {
        return skipThreshold != null || skipCount != null || skipWarmUp != null;
    }
}
