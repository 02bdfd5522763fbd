package dev.slipstream.samples.benchmarks.micro;

import java.util.Arrays;

/**
 * The shape of an attention.
 *
 * @param heads of queries
 * @param kvHeads of keys and values, a divisor of {@code heads}
 * @param size of a head
 */
record AttentionHeads(int heads, int kvHeads, int size) {
    /** Checks that the heads fit together. */
    AttentionHeads {
        if (kvHeads < 1 || heads < kvHeads || heads % kvHeads != 0 || size < 8 || size % 8 != 0) {
            throw new IllegalArgumentException(
                    "heads: expected query heads, a divisor of them, and a size in eights, found %d/%d/%d"
                            .formatted(heads, kvHeads, size));
        }
    }

    /** Reads a text such as {@code 9/3/64}. */
    static AttentionHeads parse(String text) {
        try {
            int[] parts = Arrays.stream(text.split("/")).mapToInt(Integer::parseInt).toArray();
            if (parts.length == 3) {
                return new AttentionHeads(parts[0], parts[1], parts[2]);
            }
        } catch (NumberFormatException e) {
            // Told below, with what was expected.
        }
        throw new IllegalArgumentException(
                "heads: expected heads/kvHeads/size such as 9/3/64, found " + text);
    }

    /** Length of a row of queries, keys and values side by side. */
    int packed() {
        return (heads + 2 * kvHeads) * size;
    }

    /** Length of a row that attention gives. */
    int output() {
        return heads * size;
    }

    float scale() {
        return (float) (1 / Math.sqrt(size));
    }
}
