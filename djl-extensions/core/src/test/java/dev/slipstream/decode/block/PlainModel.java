package dev.slipstream.decode.block;

import dev.slipstream.oracle.OracleModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import dev.slipstream.runtime.Visibility;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A model that remembers nothing: each call computes a whole text. */
interface PlainModel {
    /**
     * Returns the logits of the last segment's tokens, without the effects of any cache.
     *
     * @param segments each sees all of those before it
     */
    float[][] logits(List<Segment> segments);

    /**
     * Tokens that were run together.
     *
     * @param whole whether they see each other, else those before them
     */
    record Segment(int[] tokens, boolean whole) {}

    /** A model whose sessions see one text each. */
    static PlainModel of(DecoderModel model) {
        return segments -> {
            try (DecoderSession session = model.newSession()) {
                float[][] rows = {};
                for (Segment segment : segments) {
                    Turn turn =
                            new Turn(
                                    session,
                                    segment.tokens,
                                    0,
                                    segment.tokens.length,
                                    LogitRows.ALL);
                    rows =
                            rows(
                                    model.forward(
                                            segment.whole
                                                    ? turn.withVisibility(
                                                            Visibility.whole(turn.length()))
                                                    : turn));
                }
                return rows;
            }
        };
    }

    private static float[][] rows(Logits logits) {
        float[][] rows = new float[logits.rows()][logits.vocabularySize()];
        for (int i = 0; i < rows.length; i++) {
            logits.row(i).get(0, rows[i]);
        }
        return rows;
    }

    /** The oracle, in doubles, in one forward. */
    static PlainModel of(OracleModel model) {
        return segments -> {
            int length = segments.stream().mapToInt(segment -> segment.tokens.length).sum();
            int[] tokens = new int[length];
            int[] seen = new int[length];
            int start = 0;
            for (Segment segment : segments) {
                int end = start + segment.tokens.length;
                for (int i = start; i < end; i++) {
                    tokens[i] = segment.tokens[i - start];
                    seen[i] = segment.whole ? end : i + 1;
                }
                start = end;
            }
            int last = segments.get(segments.size() - 1).tokens.length;
            int[] positions = IntStream.range(0, length).toArray();
            float[][] logits = model.logits(tokens, positions, (row, other) -> other < seen[row]);
            return Arrays.copyOfRange(logits, length - last, length);
        };
    }
}
