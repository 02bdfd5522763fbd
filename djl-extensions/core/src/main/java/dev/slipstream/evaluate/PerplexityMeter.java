package dev.slipstream.evaluate;

import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Measures the perplexity of a model on a text.
 *
 * <p>With a begin token, every window starts with it, and every token of the text is foretold;
 * without one, a window starts with the token before it, and the text's first token is only
 * context.
 */
public final class PerplexityMeter {
    /** Logits of so many positions are held at once: 512 of 150,000 floats would be 300 MB. */
    private static final int CHUNK = 64;

    private final DecoderModel model;
    private final SlidingWindow window;
    private final @Nullable Integer beginToken;

    /**
     * Constructs a meter.
     *
     * @param model whose perplexity is measured; goes on belonging to the caller
     * @param window how the text is cut, at most as long as the model's context
     * @param beginToken what stands before every window; null if the model has none
     */
    public PerplexityMeter(DecoderModel model, SlidingWindow window, @Nullable Integer beginToken) {
        if (window.length() > model.contextLength()) {
            throw new IllegalArgumentException(
                    "window length: expected at most the context length %d of %s, found %d"
                            .formatted(model.contextLength(), model.name(), window.length()));
        }
        this.model = model;
        this.window = window;
        this.beginToken = beginToken;
    }

    /**
     * Returns the index of the first token of a text that is foretold: 0, or 1 without begin token.
     */
    public int firstForetold() {
        return beginToken == null ? 1 : 0;
    }

    /**
     * Measures.
     *
     * @param tokens of the text, without a begin token; more than {@link #firstForetold()}
     * @param characters Unicode characters of the text from {@link #firstForetold()} on
     * @param progress is told the number of tokens that are done, now and then
     */
    public Perplexity measure(int[] tokens, long characters, IntConsumer progress) {
        if (tokens.length <= firstForetold()) {
            throw new IllegalArgumentException(
                    "expected a text of more than %d tokens, found %d"
                            .formatted(firstForetold(), tokens.length));
        }
        try (DecoderSession session = model.newSession()) {
            double nats = nats(sequence(session), window, beginToken, tokens, progress);
            return new Perplexity(tokens.length - firstForetold(), characters, nats);
        }
    }

    /** What the measurement needs of a session. */
    interface Sequence {
        /** Forgets all tokens. */
        void restart();

        /** Reads on; see {@link DecoderSession#forward(int[], int, int, LogitRows)}. */
        Logits forward(int[] tokens, int from, int to, LogitRows rows);
    }

    static double nats(
            Sequence sequence,
            SlidingWindow window,
            @Nullable Integer beginToken,
            int[] tokens,
            IntConsumer progress) {
        double nats = 0;
        int counted = beginToken == null ? 1 : 0;
        for (int start = counted; counted < tokens.length; start += window.stride()) {
            int end = Math.min(start + window.length(), tokens.length);
            int[] context = context(beginToken, tokens, start, end);
            sequence.restart();
            // Row i foretells token start + i; those before `counted` were counted already.
            int row = counted - start;
            if (row > 0) {
                sequence.forward(context, 0, row, LogitRows.LAST);
            }
            while (counted < end) {
                int rows = Math.min(CHUNK, end - counted);
                Logits logits = sequence.forward(context, row, row + rows, LogitRows.ALL);
                for (int i = 0; i < rows; i++) {
                    nats += surprise(logits.row(i), tokens[counted + i], counted + i);
                }
                row += rows;
                counted += rows;
                progress.accept(counted);
            }
        }
        return nats;
    }

    /** Returns what goes in, so that the tokens from {@code start} to {@code end} come out. */
    private static int[] context(@Nullable Integer beginToken, int[] tokens, int start, int end) {
        int[] context = new int[end - start];
        context[0] = beginToken == null ? tokens[start - 1] : beginToken;
        System.arraycopy(tokens, start, context, 1, end - start - 1);
        return context;
    }

    /** Returns the negative natural log-probability of a token. */
    private static double surprise(FloatBuffer logits, int token, int index) {
        int size = logits.remaining();
        float highest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < size; i++) {
            highest = Math.max(highest, logits.get(i));
        }
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += Math.exp(logits.get(i) - highest);
        }
        double surprise = highest + Math.log(sum) - logits.get(token);
        if (Double.isNaN(surprise)) {
            throw new IllegalStateException(
                    "the model's logits before token %d of the text are not numbers; try other weights"
                            .formatted(index));
        }
        return surprise;
    }

    private static Sequence sequence(DecoderSession session) {
        return new Sequence() {
            @Override
            public void restart() {
                session.rollback(0);
            }

            @Override
            public Logits forward(int[] tokens, int from, int to, LogitRows rows) {
                return session.forward(tokens, from, to, rows);
            }
        };
    }
}
