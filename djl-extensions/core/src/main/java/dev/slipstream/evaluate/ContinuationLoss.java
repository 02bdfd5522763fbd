package dev.slipstream.evaluate;

import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Judges texts that one way of decoding wrote by how surprising another model finds them, each
 * behind its prompt. A text that repeats itself surprises little too: look at {@link
 * DistinctNgrams} beside it.
 */
public final class ContinuationLoss {
    private final DecoderModel judge;
    private final LogitRow row = new LogitRow();
    private double nats;
    private long tokens;

    /**
     * Constructs a judge of texts.
     *
     * @param judge a model whose tokens they are made of; goes on belonging to the caller
     */
    public ContinuationLoss(DecoderModel judge) {
        this.judge = judge;
    }

    /**
     * Adds a text.
     *
     * @param prompt token ids, at least one
     * @param continuation token ids that were written behind it; what does not fit into the judge's
     *     context is not judged
     */
    public void add(int[] prompt, int[] continuation) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("prompt: expected a token at least, found none");
        }
        int room = judge.contextLength() - prompt.length;
        int count = Math.min(continuation.length, Math.max(0, room));
        if (count == 0) {
            return;
        }
        int[] text = Arrays.copyOf(prompt, prompt.length + count);
        System.arraycopy(continuation, 0, text, prompt.length, count);
        try (DecoderSession session = judge.newSession()) {
            if (prompt.length > 1) {
                session.forward(text, 0, prompt.length - 1, LogitRows.LAST);
            }
            Logits logits =
                    session.forward(text, prompt.length - 1, text.length - 1, LogitRows.ALL);
            for (int i = 0; i < count; i++) {
                FloatBuffer values = logits.row(i);
                row.read(values, prompt.length + i);
                nats += row.surprise(continuation[i]);
            }
        }
        tokens += count;
    }

    /** Returns the mean surprise of a token, in nats; 0 if no text was added. */
    public double natsPerToken() {
        return tokens == 0 ? 0 : nats / tokens;
    }

    /** Returns how many tokens were judged. */
    public long tokens() {
        return tokens;
    }
}
