package dev.slipstream.decode.block;

import dev.slipstream.oracle.OracleModel;
import java.util.Arrays;
import java.util.List;

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
            float[][] logits = model.logits(tokens, (row, other) -> other < seen[row]);
            return Arrays.copyOfRange(logits, length - last, length);
        };
    }
}
