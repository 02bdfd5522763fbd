package dev.slipstream.decode;

import java.util.Arrays;

/**
 * The distribution from which a token is drawn: temperature, then top-k (Fan and others 2018),
 * top-p (Holtzman and others 2020) and min-p (Nguyen and others 2024), each on what the one before
 * left. Reused from token to token; its arrays are as long as the vocabulary.
 *
 * <p>Of equally likely tokens at the edge of top-k or top-p the lower ids stay, so that top-k keeps
 * exactly k tokens. Sums are in double precision, and the kept probabilities sum to 1.
 */
final class Distribution {
    private final double temperature;
    private final int topK;
    private final double topP;
    private final double minP;

    /** By token: first its logit, then its probability relative to the likeliest token's. */
    private final double[] weights;

    /** The tokens that are kept, at {@code from} to {@code to}. */
    private final int[] kept;

    /** A bit for each token, all clear between two calls. */
    private final long[] marks;

    private final TokenHeap unlikeliest;
    private final TokenHeap likeliest;
    private int from;
    private int to;
    private double total;

    /**
     * Constructs a distribution.
     *
     * @param options with a temperature above 0
     * @param logits the array, by token, in which the caller lays logits before {@link #update}; it
     *     is overwritten
     */
    Distribution(GenerationOptions options, double[] logits) {
        temperature = options.temperature();
        topK = options.topK();
        topP = options.topP();
        minP = options.minP();
        weights = logits;
        kept = new int[logits.length];
        marks = new long[(logits.length + 63) / 64];
        unlikeliest = new TokenHeap(kept, weights, TokenHeap.Root.UNLIKELIEST);
        likeliest = new TokenHeap(kept, weights, TokenHeap.Root.LIKELIEST);
    }

    /** Turns the logits into the distribution. At least one of them is finite, none is infinite. */
    void update() {
        keepTopK();
        exponentiate();
        if (topP < 1) {
            keepTopP();
        }
        if (minP > 0) {
            keepAtLeast(minP);
        }
        if (topK > 0 || topP < 1) {
            // By id, as without them: in the heaps' order, logits that differ by a rounding error
            // would give another token for the same random number.
            sortById();
        }
        total = sum();
    }

    /**
     * Returns the token at a point of the cumulative distribution.
     *
     * @param uniform from 0 (inclusive) to 1 (exclusive)
     */
    int draw(double uniform) {
        double target = uniform * total;
        double cumulative = 0;
        for (int i = from; i < to; i++) {
            cumulative += weights[kept[i]];
            // Reached by the last token at the latest: this is the sum that made the total, in the
            // same order, and a number below 1 times the total rounds to less than the total.
            if (target < cumulative) {
                return kept[i];
            }
        }
        throw new IllegalArgumentException("expected a number from 0 to below 1, found " + uniform);
    }

    /** Writes the probability of every token, 0 for those that were not kept. */
    void copyTo(double[] probabilities) {
        Arrays.fill(probabilities, 0);
        for (int i = from; i < to; i++) {
            probabilities[kept[i]] = weights[kept[i]] / total;
        }
    }

    /** As {@link Arrays#sort(int[], int, int)}, which allocates where there are many. */
    private void sortById() {
        for (int i = from; i < to; i++) {
            marks[kept[i] >>> 6] |= 1L << kept[i];
        }
        int next = from;
        for (int word = 0; word < marks.length; word++) {
            for (long left = marks[word]; left != 0; left &= left - 1) {
                kept[next++] = (word << 6) + Long.numberOfTrailingZeros(left);
            }
            marks[word] = 0;
        }
    }

    private void keepTopK() {
        boolean all = topK == 0 || topK >= kept.length;
        from = 0;
        to = all ? kept.length : topK;
        for (int i = 0; i < to; i++) {
            kept[i] = i;
        }
        if (!all) {
            unlikeliest.fill(topK);
            for (int token = topK; token < kept.length; token++) {
                unlikeliest.replaceRootIfLikelier(token);
            }
        }
    }

    /** The likeliest token gets weight 1, whatever the temperature: no overflow, no 0/0. */
    private void exponentiate() {
        double highest = Double.NEGATIVE_INFINITY;
        for (int i = from; i < to; i++) {
            highest = Math.max(highest, weights[kept[i]]);
        }
        for (int i = from; i < to; i++) {
            weights[kept[i]] = Math.exp((weights[kept[i]] - highest) / temperature);
        }
    }

    private void keepTopP() {
        double sum = sum();
        // A token of the nucleus has less than topP before it, so it and all after it have more
        // than 1 - topP; as it is the likeliest of at most n, it has more than (1 - topP) / n. The
        // factor leaves room for rounding.
        keepAtLeast((1 - topP) * sum / (to - from) * (1 - 1e-9));
        likeliest.fill(to);
        double mass = 0;
        int first = to;
        while (first > 0 && mass < topP * sum) {
            mass += weights[likeliest.pop()];
            first--;
        }
        from = first;
    }

    private void keepAtLeast(double weight) {
        int end = from;
        for (int i = from; i < to; i++) {
            if (weights[kept[i]] >= weight) {
                kept[end++] = kept[i];
            }
        }
        to = end;
    }

    private double sum() {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += weights[kept[i]];
        }
        return sum;
    }
}
