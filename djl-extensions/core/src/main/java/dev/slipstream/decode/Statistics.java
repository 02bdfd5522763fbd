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
 */
public record Statistics(
        int promptTokens,
        int generatedTokens,
        int graphRuns,
        Duration queued,
        Duration timeToFirstToken,
        Duration elapsed) {
    /** Returns decoded tokens per second after the first one; 0 if fewer than two. */
    public double tokensPerSecond() {
        double seconds = elapsed.minus(timeToFirstToken).toNanos() / 1e9;
        return generatedTokens < 2 || seconds <= 0 ? 0 : (generatedTokens - 1) / seconds;
    }
}
