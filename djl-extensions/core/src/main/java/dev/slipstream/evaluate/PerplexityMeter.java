package dev.slipstream.evaluate;

import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.util.List;
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
        return walk().firstForetold();
    }

    /**
     * Measures.
     *
     * @param tokens of the text, without a begin token; more than {@link #firstForetold()}
     * @param characters Unicode characters of the text from {@link #firstForetold()} on
     * @param progress is told the number of tokens that are done, now and then
     */
    public Perplexity measure(int[] tokens, long characters, IntConsumer progress) {
        walk().requireText(tokens);
        try (DecoderSession session = model.newSession()) {
            double nats =
                    nats(sequence(session, Effort.FULL), window, beginToken, tokens, progress);
            return new Perplexity(tokens.length - firstForetold(), characters, nats);
        }
    }

    private WindowWalk walk() {
        return new WindowWalk(window, beginToken);
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
        double[] nats = {0};
        LogitRow read = new LogitRow();
        new WindowWalk(window, beginToken)
                .over(
                        tokens,
                        List.of(sequence),
                        (token, index, rows) ->
                                nats[0] += read.read(rows.get(0), index).surprise(token),
                        progress);
        return nats[0];
    }

    static Sequence sequence(DecoderSession session, Effort effort) {
        return new Sequence() {
            @Override
            public void restart() {
                session.rollback(0);
            }

            @Override
            public Logits forward(int[] tokens, int from, int to, LogitRows rows) {
                return session.forward(tokens, from, to, rows, effort);
            }
        };
    }
}
