package dev.slipstream.decode;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one request asks of the decoder. The knobs apply in the order of Hugging Face's generation:
 * penalties and bias change the logits, then temperature, top-k, top-p and min-p narrow the
 * distribution, then one token is drawn.
 *
 * @param maxTokens the most new tokens, at least 0
 * @param temperature divides the logits, 0 to 100; 0 takes the likeliest token (greedy)
 * @param topK keeps the k likeliest tokens; 0 keeps all
 * @param topP keeps the fewest likeliest tokens whose probabilities reach this sum, above 0 and at
 *     most 1; 1 keeps all
 * @param minP keeps tokens at least this fraction as likely as the likeliest, 0 to 1; 0 keeps all
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens that occur in
 *     prompt or output, 0.01 to 100; 1 changes nothing
 * @param presencePenalty subtracted from the logits of tokens that occur in the output, -100 to 100
 * @param frequencyPenalty subtracted once for every occurrence in the output, -100 to 100
 * @param logitBias added to the logits of these token ids, -10,000 to 10,000
 * @param seed of the random draws; null draws a fresh one
 * @param stopTokens ids that end the text, besides the model's own; the id itself is not in the
 *     text
 * @param stopStrings texts that end the text where they begin; at most 64, each of 1 to 16,384
 *     characters
 * @param topLogProbabilities how many alternatives to report with each token's log-probability, 0
 *     to 20; null reports no log-probabilities
 * @param deadline the longest time from submission to the last token, at most 365 days; null sets
 *     no limit
 * @param weight share of the machine where requests compete, above 0 and at most 100: a prompt of
 *     weight 3 is read three times as fast as one of weight 1
 * @param ignoreEndOfText go on past the model's own end tokens, up to {@code maxTokens}
 * @param effort how much of a model with gates is computed; {@link EffortRequest#NONE} for all
 */
public record GenerationOptions(
        int maxTokens,
        double temperature,
        int topK,
        double topP,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        Map<Integer, Double> logitBias,
        @Nullable Long seed,
        Set<Integer> stopTokens,
        List<String> stopStrings,
        @Nullable Integer topLogProbabilities,
        @Nullable Duration deadline,
        double weight,
        boolean ignoreEndOfText,
        EffortRequest effort) {

    /** Checks every value; a wrong one is an {@link InvalidOptionException} that names it. */
    public GenerationOptions {
        OptionChecks.notNegative("maxTokens", maxTokens, "0 only reads the prompt");
        OptionChecks.inRange("temperature", temperature, 0, 100, "0 is greedy");
        OptionChecks.notNegative("topK", topK, "0 keeps all tokens");
        OptionChecks.aboveZero("topP", topP, 1, "1 keeps all tokens");
        OptionChecks.inRange("minP", minP, 0, 1, "0 keeps all tokens");
        OptionChecks.inRange("repetitionPenalty", repetitionPenalty, 0.01, 100, "1 is off");
        OptionChecks.inRange("presencePenalty", presencePenalty, -100, 100, "0 is off");
        OptionChecks.inRange("frequencyPenalty", frequencyPenalty, -100, 100, "0 is off");
        OptionChecks.topLogProbabilities("topLogProbabilities", topLogProbabilities);
        OptionChecks.deadline("deadline", deadline);
        OptionChecks.aboveZero("weight", weight, 100, "1 is a plain share");
        logitBias = OptionChecks.bias("logitBias", logitBias);
        stopTokens = OptionChecks.tokens("stopTokens", stopTokens);
        stopStrings = OptionChecks.stopStrings("stopStrings", stopStrings);
    }

    /** Returns greedy decoding of at most 256 tokens. */
    public static GenerationOptions greedy() {
        return builder().build();
    }

    /** Returns a builder that starts at {@link #greedy()}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts at these options. */
    public Builder toBuilder() {
        Builder b = new Builder();
        b.maxTokens = maxTokens;
        b.temperature = temperature;
        b.topK = topK;
        b.topP = topP;
        b.minP = minP;
        b.repetitionPenalty = repetitionPenalty;
        b.presencePenalty = presencePenalty;
        b.frequencyPenalty = frequencyPenalty;
        b.logitBias = logitBias;
        b.seed = seed;
        b.stopTokens = stopTokens;
        b.stopStrings = stopStrings;
        b.topLogProbabilities = topLogProbabilities;
        b.deadline = deadline;
        b.weight = weight;
        b.ignoreEndOfText = ignoreEndOfText;
        b.effort = effort;
        return b;
    }

    /** Collects options; see the record's components for their meaning. */
    public static final class Builder {
        private int maxTokens = 256;
        private double temperature;
        private int topK;
        private double topP = 1;
        private double minP;
        private double repetitionPenalty = 1;
        private double presencePenalty;
        private double frequencyPenalty;
        private Map<Integer, Double> logitBias = Map.of();
        private @Nullable Long seed;
        private Set<Integer> stopTokens = Set.of();
        private List<String> stopStrings = List.of();
        private @Nullable Integer topLogProbabilities;
        private @Nullable Duration deadline;
        private double weight = 1;
        private boolean ignoreEndOfText;
        private EffortRequest effort = EffortRequest.NONE;

        private Builder() {}

        /** Sets the most new tokens. */
        public Builder maxTokens(int value) {
            maxTokens = value;
            return this;
        }

        /** Sets the temperature; 0 is greedy. */
        public Builder temperature(double value) {
            temperature = value;
            return this;
        }

        /** Sets top-k; 0 is off. */
        public Builder topK(int value) {
            topK = value;
            return this;
        }

        /** Sets top-p; 1 is off. */
        public Builder topP(double value) {
            topP = value;
            return this;
        }

        /** Sets min-p; 0 is off. */
        public Builder minP(double value) {
            minP = value;
            return this;
        }

        /** Sets the repetition penalty; 1 is off. */
        public Builder repetitionPenalty(double value) {
            repetitionPenalty = value;
            return this;
        }

        /** Sets the presence penalty; 0 is off. */
        public Builder presencePenalty(double value) {
            presencePenalty = value;
            return this;
        }

        /** Sets the frequency penalty; 0 is off. */
        public Builder frequencyPenalty(double value) {
            frequencyPenalty = value;
            return this;
        }

        /** Sets what is added to the logits of single token ids. */
        public Builder logitBias(Map<Integer, Double> value) {
            logitBias = value;
            return this;
        }

        /** Sets the seed; null draws a fresh one. */
        public Builder seed(@Nullable Long value) {
            seed = value;
            return this;
        }

        /** Sets further ids that end the text. */
        public Builder stopTokens(Set<Integer> value) {
            stopTokens = value;
            return this;
        }

        /** Sets texts that end the text. */
        public Builder stopStrings(List<String> value) {
            stopStrings = value;
            return this;
        }

        /** Sets how many alternatives are reported with each token; null reports none at all. */
        public Builder topLogProbabilities(@Nullable Integer value) {
            topLogProbabilities = value;
            return this;
        }

        /** Sets the longest time from submission to the last token. */
        public Builder deadline(@Nullable Duration value) {
            deadline = value;
            return this;
        }

        /** Sets the share of the machine where requests compete; 1 is a plain one. */
        public Builder weight(double value) {
            weight = value;
            return this;
        }

        /** Sets whether to go on past the model's own end tokens. */
        public Builder ignoreEndOfText(boolean value) {
            ignoreEndOfText = value;
            return this;
        }

        /** Sets how much of a model with gates is computed. */
        public Builder effort(EffortRequest value) {
            effort = value;
            return this;
        }

        /** Sets the level of a model with gates: best, balanced or fast. */
        public Builder effort(String level) {
            return effort(EffortRequest.of(level));
        }

        /**
         * Returns the options.
         *
         * @throws InvalidOptionException if a value is out of its range
         */
        public GenerationOptions build() {
            return new GenerationOptions(
                    maxTokens,
                    temperature,
                    topK,
                    topP,
                    minP,
                    repetitionPenalty,
                    presencePenalty,
                    frequencyPenalty,
                    logitBias,
                    seed,
                    stopTokens,
                    stopStrings,
                    topLogProbabilities,
                    deadline,
                    weight,
                    ignoreEndOfText,
                    effort);
        }
    }
}
