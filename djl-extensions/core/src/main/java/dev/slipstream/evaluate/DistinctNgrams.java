package dev.slipstream.evaluate;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** How varied texts are (distinct-n, Li and others 2016). */
public final class DistinctNgrams {
    private DistinctNgrams() {}

    /**
     * Returns which part of all runs of n tokens are different ones.
     *
     * @param texts token ids; each on its own, no run goes from one into another
     * @param n tokens of a run, 1 or more
     * @return 0 to 1; 0 if no text has n tokens
     */
    public static double share(List<int[]> texts, int n) {
        if (n < 1) {
            throw new IllegalArgumentException("n: expected 1 or more, found " + n);
        }
        Set<List<Integer>> different = new HashSet<>();
        long all = 0;
        for (int[] text : texts) {
            for (int i = 0; i + n <= text.length; i++) {
                different.add(Arrays.stream(text, i, i + n).boxed().toList());
                all++;
            }
        }
        return all == 0 ? 0 : (double) different.size() / all;
    }
}
