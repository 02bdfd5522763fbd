package dev.slipstream.evaluate;

import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a text window by window through one model or several, and shows each token's logits once,
 * so that no more than a few positions are held at a time.
 *
 * @param window how the text is cut
 * @param beginToken what stands before every window; null if the model has none
 */
record WindowWalk(SlidingWindow window, @Nullable Integer beginToken) {
    /** Logits of so many positions are held at once: 512 of 150,000 floats would be 300 MB. */
    private static final int CHUNK = 64;

    /** Sees the logits that foretell one token. */
    @FunctionalInterface
    interface Visitor {
        /**
         * Looks at one position.
         *
         * @param token that the text has there
         * @param index of the token in the text
         * @param rows each sequence's logits, in their order; valid during the call
         */
        void visit(int token, int index, List<FloatBuffer> rows);
    }

    /** Returns the index of the first token that is foretold. */
    int firstForetold() {
        return beginToken == null ? 1 : 0;
    }

    /**
     * Checks that there is something to foretell.
     *
     * @throws IllegalArgumentException if the text is too short
     */
    void requireText(int[] tokens) {
        if (tokens.length <= firstForetold()) {
            throw new IllegalArgumentException(
                    "expected a text of more than %d tokens, found %d"
                            .formatted(firstForetold(), tokens.length));
        }
    }

    /**
     * Walks over a text.
     *
     * @param tokens of the text, without a begin token
     * @param sequences that read it, each of another model
     * @param visitor sees every foretold token once
     * @param progress is told the number of tokens that are done, now and then
     */
    void over(
            int[] tokens,
            List<PerplexityMeter.Sequence> sequences,
            Visitor visitor,
            IntConsumer progress) {
        int counted = firstForetold();
        for (int start = counted; counted < tokens.length; start += window.stride()) {
            int end = Math.min(start + window.length(), tokens.length);
            int[] context = context(tokens, start, end);
            // Row i foretells token start + i; those before `counted` were counted already.
            int row = counted - start;
            for (PerplexityMeter.Sequence sequence : sequences) {
                sequence.restart();
                if (row > 0) {
                    sequence.forward(context, 0, row, LogitRows.LAST);
                }
            }
            while (counted < end) {
                int rows = Math.min(CHUNK, end - counted);
                List<Logits> logits = new ArrayList<>();
                for (PerplexityMeter.Sequence sequence : sequences) {
                    logits.add(sequence.forward(context, row, row + rows, LogitRows.ALL));
                }
                for (int i = 0; i < rows; i++) {
                    int at = i;
                    visitor.visit(
                            tokens[counted + i],
                            counted + i,
                            logits.stream().map(each -> each.row(at)).toList());
                }
                row += rows;
                counted += rows;
                progress.accept(counted);
            }
        }
    }

    /** Returns what goes in, so that the tokens from {@code start} to {@code end} come out. */
    private int[] context(int[] tokens, int start, int end) {
        int[] context = new int[end - start];
        context[0] = beginToken == null ? tokens[start - 1] : beginToken;
        System.arraycopy(tokens, start, context, 1, end - start - 1);
        return context;
    }
}
