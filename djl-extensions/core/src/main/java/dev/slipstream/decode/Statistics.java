package dev.slipstream.decode;

import java.time.Duration;

/**
 * What a request used, so far or in all.
 *
 * @param promptTokens tokens of the prompt
 * @param generatedTokens tokens that were decoded, an end token included
 * @param graphRuns runs of the model's graph
 * @param queued time from submission to the first run
 * @param timeToFirstToken time from submission to the first decoded token; zero before it
 * @param elapsed time from submission to the last token, or until now
 * @param work what was saved and where the time went
 */
public record Statistics(
        int promptTokens,
        int generatedTokens,
        int graphRuns,
        Duration queued,
        Duration timeToFirstToken,
        Duration elapsed,
        Work work) {
    /** Constructs statistics of plain decoding whose times were not taken. */
    public Statistics(
            int promptTokens,
            int generatedTokens,
            int graphRuns,
            Duration queued,
            Duration timeToFirstToken,
            Duration elapsed) {
        this(
                promptTokens,
                generatedTokens,
                graphRuns,
                queued,
                timeToFirstToken,
                elapsed,
                Work.NONE);
    }

    /** Returns decoded tokens per second after the first one; 0 if fewer than two. */
    public double tokensPerSecond() {
        double seconds = elapsed.minus(timeToFirstToken).toNanos() / 1e9;
        return generatedTokens < 2 || seconds <= 0 ? 0 : (generatedTokens - 1) / seconds;
    }

    /**
     * What was saved and where the time went.
     *
     * @param cachedTokens tokens of the prompt whose keys and values came from the prefix cache
     * @param draftedTokens tokens that were proposed to the model
     * @param acceptedTokens those of them that stayed
     * @param verifications runs of the model after the prompt, each for a draft and a token of the
     *     model's own; 0 where the text is written by blocks
     * @param drafting time in the drafter
     * @param running time in the model's graph
     * @param sampling time from logits to text
     * @param gatedSubLayers sub-layers behind gates, switched ones and those that may be skipped,
     *     that the model met after the prompt, counted for each token that it ran
     * @param skippedSubLayers those of them that were left out
     * @param blocks what writing by blocks took
     */
    public record Work(
            int cachedTokens,
            int draftedTokens,
            int acceptedTokens,
            int verifications,
            Duration drafting,
            Duration running,
            Duration sampling,
            long gatedSubLayers,
            long skippedSubLayers,
            BlockWork blocks) {
        /** Nothing saved, no times taken. */
        public static final Work NONE =
                new Work(0, 0, 0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO);

        /** Constructs the work of a model without gates. */
        public Work(
                int cachedTokens,
                int draftedTokens,
                int acceptedTokens,
                int verifications,
                Duration drafting,
                Duration running,
                Duration sampling) {
            this(
                    cachedTokens,
                    draftedTokens,
                    acceptedTokens,
                    verifications,
                    drafting,
                    running,
                    sampling,
                    0,
                    0);
        }

        /** Constructs the work of a text that is not written by blocks. */
        public Work(
                int cachedTokens,
                int draftedTokens,
                int acceptedTokens,
                int verifications,
                Duration drafting,
                Duration running,
                Duration sampling,
                long gatedSubLayers,
                long skippedSubLayers) {
            this(
                    cachedTokens,
                    draftedTokens,
                    acceptedTokens,
                    verifications,
                    drafting,
                    running,
                    sampling,
                    gatedSubLayers,
                    skippedSubLayers,
                    BlockWork.NONE);
        }

        /** Returns which part of the sub-layers behind gates was left out, 0 to 1. */
        public double skippedShare() {
            return gatedSubLayers == 0 ? 0 : (double) skippedSubLayers / gatedSubLayers;
        }

        /** Returns the accepted tokens of a verification, on average. */
        public double acceptedPerVerification() {
            return verifications == 0 ? 0 : (double) acceptedTokens / verifications;
        }
    }
}
