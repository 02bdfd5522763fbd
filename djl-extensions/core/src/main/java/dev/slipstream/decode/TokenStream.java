package dev.slipstream.decode;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * A text while it is being decoded. {@link #hasNext()} decodes, or waits for the thread that does;
 * {@link #cancel()} and {@link #close()} may come from any thread. Close it always: it holds keys
 * and values.
 */
public interface TokenStream extends Iterator<TextChunk>, AutoCloseable {
    /** Ends the text within one step of the model; may be called from any thread, and twice. */
    void cancel();

    /**
     * Returns why the text ended.
     *
     * @throws IllegalStateException if it has not ended yet
     */
    FinishReason finishReason();

    /** Reads all that is left of the text; the caller still closes the stream. */
    default Generation readAll() {
        StringBuilder text = new StringBuilder();
        List<Token> tokens = new ArrayList<>();
        while (hasNext()) {
            TextChunk chunk = next();
            text.append(chunk.text());
            tokens.addAll(chunk.tokens());
        }
        return new Generation(text.toString(), tokens, finishReason(), statistics());
    }

    /** Returns what was used so far. */
    Statistics statistics();

    /** Frees what the stream holds; a text that has not ended is cancelled. */
    @Override
    void close();
}
