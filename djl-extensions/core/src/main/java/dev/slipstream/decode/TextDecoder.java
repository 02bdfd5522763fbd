package dev.slipstream.decode;

import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import org.jspecify.annotations.Nullable;

/**
 * The text of one request while it is decoded. Runs nothing itself: whoever drives it takes {@link
 * #next}, runs it, alone or together with other requests, and hands the logits to {@link #take}. So
 * every way to decode streams, is cancelled, and shares runs in the same way. For one thread at a
 * time.
 */
public interface TextDecoder extends AutoCloseable {
    /** Returns the tokens of the prompt that the model has not read yet. */
    int unreadPrompt();

    /**
     * Returns what the model has to run next.
     *
     * @param most the most tokens of a piece of the prompt, at least 1
     * @param otherRows tokens of other requests that will share the run
     */
    Turn next(int most, int otherRows);

    /**
     * Takes the logits of what {@link #next} returned.
     *
     * @param logits of the rows that the turn asked for
     * @param runNanos time of the run
     */
    void take(Logits logits, long runNanos);

    /** Returns what is written so far. */
    WrittenText text();

    /** Ends the text; what was held back comes out. */
    default void end(FinishReason reason) {
        text().end(reason);
    }

    /** Returns why the text ended; null while it goes on. */
    default @Nullable FinishReason finishReason() {
        return text().finishReason();
    }

    /**
     * Returns the text that became certain since the last call, with its tokens; null if there is
     * none yet, or none left.
     */
    default @Nullable TextChunk poll() {
        return text().poll();
    }

    /** Returns how many tokens were decoded, an end token included. */
    default int generated() {
        return text().generated();
    }

    /** Returns what was saved and where the time went. */
    Statistics.Work work();

    /** Frees what the decoder made; the session belongs to its owner. */
    @Override
    void close();
}
