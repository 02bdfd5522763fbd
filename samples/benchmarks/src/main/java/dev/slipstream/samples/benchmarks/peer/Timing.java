package dev.slipstream.samples.benchmarks.peer;

import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * What one run took.
 *
 * @param seconds of the run: see the methods of {@link PeerEngine}
 * @param firstTokenSeconds until the first token; 0 where the run has none
 * @param tokens that were written; 0 where the run writes none
 * @param text that was written; null where it is not wanted
 */
public record Timing(double seconds, double firstTokenSeconds, int tokens, @Nullable String text) {
    /**
     * Returns the time of a run that writes no text.
     *
     * @param seconds of the run
     */
    public static Timing of(double seconds) {
        return new Timing(seconds, 0, 0, null);
    }

    /**
     * Returns the times of a run that writes tokens.
     *
     * @param start when the prompt went in, of {@link System#nanoTime}
     * @param first when the first token was there
     * @param end when the last one was there
     * @param tokens how many
     * @param text what they say; null if that is not wanted
     */
    public static Timing between(
            long start, long first, long end, int tokens, @Nullable String text) {
        return new Timing((end - first) / 1e9, (first - start) / 1e9, tokens, text);
    }

    JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("seconds", seconds);
        if (firstTokenSeconds > 0) {
            json.addProperty("firstTokenSeconds", firstTokenSeconds);
        }
        if (tokens > 0) {
            json.addProperty("tokens", tokens);
        }
        if (text != null) {
            json.addProperty("text", text);
        }
        return json;
    }
}
