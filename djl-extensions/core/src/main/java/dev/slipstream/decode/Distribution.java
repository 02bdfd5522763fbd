package dev.slipstream.decode;

import java.util.Arrays;

/**
 * The distribution from which a token is drawn: temperature, then top-k (Fan and others 2018),
 * top-p (Holtzman and others 2020) and min-p (Nguyen and others 2024), each on what the one before
 * left. Reused from token to token.
 *
 * <p>Of equally likely tokens at the edge of top-k or top-p the lower ids stay, so that top-k keeps
 * exactly k tokens. Sums are in double precision, and the kept probabilities sum to 1.
 *
 * <p>Exponentials are what costs, so few are computed: of tokens that top-k or min-p may keep, and
 * of those near the edge of top-p or near the random number, which {@link SoftmaxSums} tell. What
 * is kept and drawn is to the last bit what one gets from all of them; where the sums are too near
 * the edge to tell, all of them are computed.
 */
final class Distribution {
    private final double temperature;
    private final int topK;
    private final double topP;
    private final double minP;
    private final RowScores row;
    private final SoftmaxSums sums;

    /** By token: first its score, then its probability relative to the likeliest token's. */
    private final double[] weights;

    /** The tokens that are kept, at {@code from} to {@code to}. */
    private final int[] kept;

    private final TokenHeap unlikeliest;
    private final TokenHeap likeliest;
    private final TokenHeap lanes;
    private final double[] laneKeys;
    private final int[] laneRoom;
    private int from;
    private int to;

    /**
     * Constructs a distribution.
     *
     * @param options with a temperature above 0, or nothing is asked of it
     * @param row what the caller reads a position into before each call
     * @param room for the vocabulary, overwritten
     */
    Distribution(GenerationOptions options, RowScores row, int[] room) {
        temperature = options.temperature();
        topK = options.topK();
        topP = options.topP();
        minP = options.minP();
        this.row = row;
        sums = new SoftmaxSums(row, temperature);
        weights = row.scores();
        kept = room;
        unlikeliest = new TokenHeap(kept, weights, TokenHeap.Root.UNLIKELIEST);
        likeliest = new TokenHeap(kept, weights, TokenHeap.Root.LIKELIEST);
        laneKeys = new double[row.maxima().count()];
        laneRoom = new int[laneKeys.length];
        lanes = new TokenHeap(laneRoom, laneKeys, TokenHeap.Root.UNLIKELIEST);
    }

    /**
     * Returns the token at a point of the cumulative distribution.
     *
     * @param uniform from 0 (inclusive) to 1 (exclusive)
     */
    int draw(double uniform) {
        if (keepsAll()) {
            int token = drawBySums(uniform);
            if (token >= 0) {
                return token;
            }
        }
        keep();
        double target = uniform * sum();
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
        keep();
        double total = sum();
        Arrays.fill(probabilities, 0);
        for (int i = from; i < to; i++) {
            probabilities[kept[i]] = weights[kept[i]] / total;
        }
    }

    private boolean limitsCount() {
        return topK > 0 && topK < kept.length;
    }

    private boolean keepsAll() {
        return !limitsCount() && topP == 1 && minP == 0;
    }

    private void keep() {
        if (limitsCount()) {
            keepTopK();
            exponentiate(highest());
            if (topP < 1) {
                double sum = sum();
                keepAtLeast(leastOfNucleus(sum, to));
                keepTopP(sum, 0);
            }
        } else if (topP < 1) {
            keepTopPOfAll();
        } else {
            find(minP > 0 ? least(row.maxima().highest(), minP) : Float.NEGATIVE_INFINITY);
            exponentiate(highest());
        }
        if (minP > 0) {
            keepAtLeast(minP);
        }
        if (topK > 0 || topP < 1) {
            // By id, as without them: in the heaps' order, logits that differ by a rounding error
            // would give another token for the same random number.
            row.sort(kept, from, to);
        }
    }

    /** Returns the token that the exact weights give, or -1 if the sums cannot tell it. */
    private int drawBySums(double uniform) {
        double highest = exactHighest();
        if (!sums.update(highest)) {
            return -1;
        }
        double doubt = SoftmaxSums.TOLERANCE * sums.total();
        double target = uniform * sums.total();
        double below = 0;
        int group = 0;
        while (group < sums.groups() - 1 && below + sums.group(group) <= target) {
            below += sums.group(group++);
        }
        int token = group * SoftmaxSums.GROUP;
        int end = Math.min(kept.length, token + SoftmaxSums.GROUP);
        row.fill(token, end);
        for (; token < end; token++) {
            double above = below + weight(token, highest);
            if (target < above) {
                return target - below > doubt && above - target > doubt ? token : -1;
            }
            below = above;
        }
        return -1;
    }

    /** Keeps tokens whose float is at least this, by id. */
    private void find(float least) {
        from = 0;
        to = row.find(least, kept);
    }

    /**
     * Returns a float that no token is below that is at least this much as likely as the likeliest.
     */
    private float least(double highest, double weight) {
        if (row.isRough()) {
            return Float.NEGATIVE_INFINITY;
        }
        double least = highest + temperature * Math.log(weight);
        // Room for the rounding of scores to floats, 6e-8, and of a weight to 1e-6.
        return (float)
                (least - 1e-6 * (temperature + Math.max(Math.abs(highest), Math.abs(least))));
    }

    private void keepTopK() {
        // As many lanes as top-k keeps have a token that is at least as likely as the k-th of
        // their maxima, so none below it is kept.
        find(topK < laneKeys.length ? laneMaximum(topK) : Float.NEGATIVE_INFINITY);
        unlikeliest.fill(topK);
        for (int i = topK; i < to; i++) {
            unlikeliest.replaceRootIfLikelier(kept[i]);
        }
        to = topK;
    }

    private float laneMaximum(int rank) {
        for (int lane = 0; lane < laneKeys.length; lane++) {
            laneKeys[lane] = row.maxima().of(lane);
            laneRoom[lane] = lane;
        }
        lanes.fill(rank);
        for (int lane = rank; lane < laneKeys.length; lane++) {
            lanes.replaceRootIfLikelier(lane);
        }
        return (float) laneKeys[laneRoom[0]];
    }

    private double exactHighest() {
        find(row.maxima().highest());
        return highest();
    }

    private double highest() {
        double highest = Double.NEGATIVE_INFINITY;
        for (int i = from; i < to; i++) {
            highest = Math.max(highest, weights[kept[i]]);
        }
        return highest;
    }

    /** The likeliest token gets weight 1, whatever the temperature: no overflow, no 0/0. */
    private double weight(int token, double highest) {
        return Math.exp((weights[token] - highest) / temperature);
    }

    private void exponentiate(double highest) {
        for (int i = from; i < to; i++) {
            weights[kept[i]] = weight(kept[i], highest);
        }
    }

    private void keepTopPOfAll() {
        double highest = exactHighest();
        if (sums.update(highest)) {
            find(least(highest, Math.max(minP, leastOfNucleus(sums.total(), kept.length))));
            exponentiate(highest);
            if (keepTopP(sums.total(), SoftmaxSums.TOLERANCE)) {
                return;
            }
        }
        find(Float.NEGATIVE_INFINITY);
        exponentiate(highest);
        double sum = sum();
        keepAtLeast(leastOfNucleus(sum, to));
        keepTopP(sum, 0);
    }

    /**
     * Returns a weight that no token of the nucleus is below. It has less than topP before it, so
     * it and all after it have more than 1 - topP; as it is the likeliest of at most n, it has more
     * than (1 - topP) / n. The factor leaves room for rounding.
     */
    private double leastOfNucleus(double sum, int count) {
        return (1 - topP) * sum / count * (1 - 1e-8);
    }

    /**
     * Keeps the nucleus of the kept tokens, or those of them that min-p may keep.
     *
     * @param sum of the weights before
     * @param tolerance how far the sum may be off, relative to itself
     * @return false if another sum within the tolerance would keep other tokens
     */
    private boolean keepTopP(double sum, double tolerance) {
        likeliest.fill(to);
        double mass = 0;
        int first = to;
        boolean certain = true;
        while (first > 0 && mass < topP * sum) {
            mass += weights[likeliest.pop()];
            first--;
            certain &= Math.abs(mass - topP * sum) > tolerance * sum;
        }
        from = first;
        return certain;
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
