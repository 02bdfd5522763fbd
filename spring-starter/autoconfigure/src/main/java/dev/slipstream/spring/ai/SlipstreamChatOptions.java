package dev.slipstream.spring.ai;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;

/**
 * Options of one chat request: Spring AI's portable ones, and what Slipstream knows beyond them.
 * Whatever is null is the default of the model that answers.
 *
 * <p>Tools are shown to the model by its chat template. Their calls are not parsed out of its text,
 * so Spring AI never calls them.
 */
public final class SlipstreamChatOptions extends DefaultToolCallingChatOptions {
    private final @Nullable Double minP;
    private final @Nullable Double repetitionPenalty;
    private final @Nullable Long seed;
    private final @Nullable Duration deadline;
    private final @Nullable Double weight;
    private final @Nullable String effort;
    private final @Nullable Double millisPerToken;
    private final @Nullable Double skipThreshold;
    private final @Nullable Integer skipCount;
    private final @Nullable Integer skipWarmUp;

    private SlipstreamChatOptions(ToolCallingChatOptions portable, Builder own) {
        super(
                portable.getToolCallbacks(),
                portable.getToolContext(),
                portable.getModel(),
                portable.getFrequencyPenalty(),
                portable.getMaxTokens(),
                portable.getPresencePenalty(),
                portable.getStopSequences(),
                portable.getTemperature(),
                portable.getTopK(),
                portable.getTopP());
        minP = own.minP;
        repetitionPenalty = own.repetitionPenalty;
        seed = own.seed;
        deadline = own.deadline;
        weight = own.weight;
        effort = own.effort;
        millisPerToken = own.millisPerToken;
        skipThreshold = own.skipThreshold;
        skipCount = own.skipCount;
        skipWarmUp = own.skipWarmUp;
    }

    /** Returns a builder with nothing set. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns how likely a token has to be, as a fraction of the likeliest one. */
    public @Nullable Double getMinP() {
        return minP;
    }

    /** Returns what weakens tokens that occur in prompt or output; 1 changes nothing. */
    public @Nullable Double getRepetitionPenalty() {
        return repetitionPenalty;
    }

    /** Returns the seed of the random draws. */
    public @Nullable Long getSeed() {
        return seed;
    }

    /** Returns the longest time from submission to the last token. */
    public @Nullable Duration getDeadline() {
        return deadline;
    }

    /** Returns the share of the model where requests compete; 1 is a plain one. */
    public @Nullable Double getWeight() {
        return weight;
    }

    /** Returns the level of a model with gates: best, balanced or fast. */
    public @Nullable String getEffort() {
        return effort;
    }

    /** Returns the longest time of a decoded token, for a level that keeps it. */
    public @Nullable Double getMillisPerToken() {
        return millisPerToken;
    }

    /** Returns the cosine from which feed-forwards are skipped. */
    public @Nullable Double getSkipThreshold() {
        return skipThreshold;
    }

    /** Returns how many feed-forwards are skipped at a time. */
    public @Nullable Integer getSkipCount() {
        return skipCount;
    }

    /** Returns how many of the answer's first tokens skip nothing. */
    public @Nullable Integer getSkipWarmUp() {
        return skipWarmUp;
    }

    @Override
    public Builder mutate() {
        return new Builder()
                .model(getModel())
                .frequencyPenalty(getFrequencyPenalty())
                .maxTokens(getMaxTokens())
                .presencePenalty(getPresencePenalty())
                .stopSequences(getStopSequences())
                .temperature(getTemperature())
                .topK(getTopK())
                .topP(getTopP())
                .toolCallbacks(getToolCallbacks())
                .toolContext(getToolContext())
                .minP(minP)
                .repetitionPenalty(repetitionPenalty)
                .seed(seed)
                .deadline(deadline)
                .weight(weight)
                .effort(effort)
                .millisPerToken(millisPerToken)
                .skipThreshold(skipThreshold)
                .skipCount(skipCount)
                .skipWarmUp(skipWarmUp);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SlipstreamChatOptions o
                && super.equals(o)
                && Objects.equals(minP, o.minP)
                && Objects.equals(repetitionPenalty, o.repetitionPenalty)
                && Objects.equals(seed, o.seed)
                && Objects.equals(deadline, o.deadline)
                && Objects.equals(weight, o.weight)
                && Objects.equals(effort, o.effort)
                && Objects.equals(millisPerToken, o.millisPerToken)
                && Objects.equals(skipThreshold, o.skipThreshold)
                && Objects.equals(skipCount, o.skipCount)
                && Objects.equals(skipWarmUp, o.skipWarmUp);
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                super.hashCode(),
                minP,
                repetitionPenalty,
                seed,
                deadline,
                weight,
                effort,
                millisPerToken,
                skipThreshold,
                skipCount,
                skipWarmUp);
    }

    /** Collects options; see the getters for their meaning. */
    public static final class Builder extends DefaultToolCallingChatOptions.Builder<Builder> {
        private @Nullable Double minP;
        private @Nullable Double repetitionPenalty;
        private @Nullable Long seed;
        private @Nullable Duration deadline;
        private @Nullable Double weight;
        private @Nullable String effort;
        private @Nullable Double millisPerToken;
        private @Nullable Double skipThreshold;
        private @Nullable Integer skipCount;
        private @Nullable Integer skipWarmUp;

        private Builder() {}

        /** Sets min-p; 0 is off. */
        public Builder minP(@Nullable Double value) {
            minP = value;
            return this;
        }

        /** Sets the repetition penalty; 1 is off. */
        public Builder repetitionPenalty(@Nullable Double value) {
            repetitionPenalty = value;
            return this;
        }

        /** Sets the seed. */
        public Builder seed(@Nullable Long value) {
            seed = value;
            return this;
        }

        /** Sets the longest time from submission to the last token. */
        public Builder deadline(@Nullable Duration value) {
            deadline = value;
            return this;
        }

        /** Sets the share of the model where requests compete, above 0 and at most 100. */
        public Builder weight(@Nullable Double value) {
            weight = value;
            return this;
        }

        /** Sets the level of a model with gates: best, balanced or fast. */
        public Builder effort(@Nullable String value) {
            effort = value;
            return this;
        }

        /** Sets the longest time of a decoded token; the best level that keeps it is taken. */
        public Builder millisPerToken(@Nullable Double value) {
            millisPerToken = value;
            return this;
        }

        /** Sets the cosine from which feed-forwards are skipped; above 1 never. */
        public Builder skipThreshold(@Nullable Double value) {
            skipThreshold = value;
            return this;
        }

        /** Sets how many feed-forwards are skipped at a time. */
        public Builder skipCount(@Nullable Integer value) {
            skipCount = value;
            return this;
        }

        /** Sets how many of the answer's first tokens skip nothing. */
        public Builder skipWarmUp(@Nullable Integer value) {
            skipWarmUp = value;
            return this;
        }

        @Override
        public Builder combineWith(ChatOptions.Builder<?> other) {
            super.combineWith(other);
            if (other instanceof Builder b) {
                minP = b.minP != null ? b.minP : minP;
                repetitionPenalty =
                        b.repetitionPenalty != null ? b.repetitionPenalty : repetitionPenalty;
                seed = b.seed != null ? b.seed : seed;
                deadline = b.deadline != null ? b.deadline : deadline;
                weight = b.weight != null ? b.weight : weight;
                effort = b.effort != null ? b.effort : effort;
                millisPerToken = b.millisPerToken != null ? b.millisPerToken : millisPerToken;
                skipThreshold = b.skipThreshold != null ? b.skipThreshold : skipThreshold;
                skipCount = b.skipCount != null ? b.skipCount : skipCount;
                skipWarmUp = b.skipWarmUp != null ? b.skipWarmUp : skipWarmUp;
            }
            return this;
        }

        @Override
        public SlipstreamChatOptions build() {
            return new SlipstreamChatOptions(super.build(), this);
        }
    }
}
