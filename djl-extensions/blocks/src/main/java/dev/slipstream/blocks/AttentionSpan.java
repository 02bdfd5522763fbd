package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/**
 * Queries that lie next to each other, and which of the first keys each of them sees. Several spans
 * save the products with keys that a mask hides from all queries of one of them.
 *
 * @param queries how many; the first of them follows the last one of the span before
 * @param keys how many, from key 0
 * @param bias {@code [queries, keys]}, added to the scores: 0 where the key is seen, else a number
 *     that makes a weight of exactly 0
 */
public record AttentionSpan(int queries, int keys, NDArray bias) {
    private static final float UNSEEN = -1e9f;

    /**
     * Returns the span that is a part of a mask.
     *
     * @param manager owns the bias
     * @param mask rows are queries, columns are keys; true where the key is seen
     * @param from the first query
     * @param to one past the last query
     * @param keys how many, from key 0
     * @throws IllegalArgumentException if a query sees no key, or one outside the span
     */
    public static AttentionSpan of(
            NDManager manager, boolean[][] mask, int from, int to, int keys) {
        float[] bias = new float[(to - from) * keys];
        for (int query = from; query < to; query++) {
            check(mask[query], query, keys);
            for (int key = 0; key < keys; key++) {
                bias[(query - from) * keys + key] = mask[query][key] ? 0 : UNSEEN;
            }
        }
        return new AttentionSpan(to - from, keys, manager.create(bias, new Shape(to - from, keys)));
    }

    private static void check(boolean[] row, int query, int keys) {
        int seen = 0;
        for (int key = 0; key < row.length; key++) {
            if (row[key] && key >= keys) {
                throw new IllegalArgumentException(
                        "query %d: expected to see keys 0 to %d alone, found %d in the mask"
                                .formatted(query, keys - 1, key));
            }
            seen += row[key] ? 1 : 0;
        }
        if (seen == 0) {
            throw new IllegalArgumentException(
                    "query %d: expected to see a key, found none in the mask".formatted(query));
        }
    }
}
