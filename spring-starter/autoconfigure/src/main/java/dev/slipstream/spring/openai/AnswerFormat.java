package dev.slipstream.spring.openai;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.TextChunk;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The words in which an answer is written: those of a chat, or those of a plain continuation. */
interface AnswerFormat {
    /**
     * What every part of an answer says of the whole.
     *
     * @param id of the answer
     * @param created seconds since 1970
     * @param model name of the model
     * @param systemFingerprint changes when the same request may get another answer
     */
    record Heading(String id, long created, String model, String systemFingerprint) {}

    /**
     * Tokens used.
     *
     * @param promptTokens of all prompts, each counted once
     * @param completionTokens decoded for all texts
     * @param totalTokens the sum
     */
    record Usage(
            int promptTokens,
            int completionTokens,
            int totalTokens,
            PromptTokensDetails promptTokensDetails,
            CompletionTokensDetails completionTokensDetails,
            @Nullable SavedWork slipstream) {

        /**
         * Counts tokens.
         *
         * @param prompt tokens of all prompts
         * @param completion tokens of all texts
         * @param cached prompt tokens that were not computed
         * @param drafted tokens that were proposed
         * @param accepted those of them that stayed
         * @param saved what gates left out; null where there are none
         */
        static Usage of(
                int prompt,
                int completion,
                int cached,
                int drafted,
                int accepted,
                @Nullable SavedWork saved) {
            return new Usage(
                    prompt,
                    completion,
                    prompt + completion,
                    new PromptTokensDetails(cached),
                    new CompletionTokensDetails(accepted, drafted - accepted),
                    saved);
        }
    }

    /**
     * Of the prompts' tokens.
     *
     * @param cachedTokens those that were not computed, as their keys and values were remembered
     */
    record PromptTokensDetails(int cachedTokens) {}

    /**
     * Of the drafts' tokens.
     *
     * @param acceptedPredictionTokens those that stayed; they are completion tokens too
     * @param rejectedPredictionTokens those that did not stay; they are no completion tokens
     */
    record CompletionTokensDetails(int acceptedPredictionTokens, int rejectedPredictionTokens) {}

    /**
     * What gates left out, after the prompts.
     *
     * @param skippedSublayers that were not computed, counted for each token
     * @param gatedSublayers that might not have been
     * @param skippedShare the first by the second
     */
    record SavedWork(long skippedSublayers, long gatedSublayers, double skippedShare) {
        /** Returns what was saved; null if there was no gate. */
        static @Nullable SavedWork of(long skipped, long gated) {
            return gated == 0 ? null : new SavedWork(skipped, gated, (double) skipped / gated);
        }
    }

    /** Returns the event that opens a text; null if there is none. */
    @Nullable Object opening(Heading heading, int choice);

    /** Returns the event for a piece of a text; the pieces of a text come in order. */
    Object piece(Heading heading, int choice, TextChunk chunk);

    /** Returns the event that ends a text. */
    Object ending(Heading heading, int choice, FinishReason reason);

    /** Returns the event that says after all texts what was used. */
    Object usage(Heading heading, Usage usage);

    /** Returns a whole answer. */
    Object whole(Heading heading, List<Generation> choices, Usage usage);

    /** Returns OpenAI's word for a reason. */
    static String word(FinishReason reason) {
        return switch (reason) {
            case STOP_TOKEN, STOP_STRING -> "stop";
            case LENGTH, DEADLINE -> "length";
            case CANCELLED -> throw new IllegalArgumentException("a cancelled text has no answer");
        };
    }

    /** Returns a log-probability that JSON can hold; OpenAI writes impossible as -9999. */
    static double finite(double logProbability) {
        return Math.max(logProbability, -9999);
    }
}
