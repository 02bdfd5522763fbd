package dev.slipstream.samples.benchmarks.contest;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/** What a contender says after a request. */
public sealed interface Answer {
    /**
     * It was done.
     *
     * @param seconds that it took
     * @param firstTokenSeconds until the first token; null where it is not told
     * @param tokens that were decoded; 0 where it is not told
     * @param text that was decoded; null where it is not told
     */
    record Done(
            double seconds, @Nullable Double firstTokenSeconds, int tokens, @Nullable String text)
            implements Answer {}

    /**
     * The contender cannot do that.
     *
     * @param why in a few words
     */
    record Unsupported(String why) implements Answer {}

    /**
     * It went wrong.
     *
     * @param message what happened
     */
    record Failed(String message) implements Answer {}

    /** Reads an answer. */
    static Answer of(JsonObject json) {
        if (json.has("unsupported")) {
            return new Unsupported(json.get("unsupported").getAsString());
        }
        if (json.has("error")) {
            return new Failed(json.get("error").getAsString());
        }
        JsonElement seconds = json.get("seconds");
        if (seconds == null || !seconds.isJsonPrimitive() || !(seconds.getAsDouble() > 0)) {
            return new Failed("expected an answer with seconds, found " + json);
        }
        return new Done(
                seconds.getAsDouble(),
                json.has("firstTokenSeconds") ? json.get("firstTokenSeconds").getAsDouble() : null,
                json.has("tokens") ? json.get("tokens").getAsInt() : 0,
                json.has("text") ? json.get("text").getAsString() : null);
    }
}
