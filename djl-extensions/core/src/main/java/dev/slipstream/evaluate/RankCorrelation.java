package dev.slipstream.evaluate;

import java.util.Comparator;
import java.util.stream.IntStream;

/** How far two series put the same things into the same order. */
public final class RankCorrelation {
    private RankCorrelation() {}

    /**
     * Returns Spearman's rank correlation (Charles Spearman, 1904): the correlation of the ranks,
     * where equal values share the mean of their ranks.
     *
     * @param x one series of numbers
     * @param y the other, as long, at least 2
     * @return -1 to 1; NaN if a series has one value only
     */
    public static double spearman(double[] x, double[] y) {
        if (x.length != y.length || x.length < 2) {
            throw new IllegalArgumentException(
                    "expected two series of one length, 2 or more, found %d and %d values"
                            .formatted(x.length, y.length));
        }
        double[] one = ranks(x);
        double[] other = ranks(y);
        double mean = (x.length + 1) / 2.0;
        double product = 0;
        double squares = 0;
        double otherSquares = 0;
        for (int i = 0; i < one.length; i++) {
            product += (one[i] - mean) * (other[i] - mean);
            squares += (one[i] - mean) * (one[i] - mean);
            otherSquares += (other[i] - mean) * (other[i] - mean);
        }
        return product / Math.sqrt(squares * otherSquares);
    }

    /** Returns the ranks from 1. */
    private static double[] ranks(double[] values) {
        int[] order =
                IntStream.range(0, values.length)
                        .boxed()
                        .sorted(Comparator.comparingDouble(i -> values[i]))
                        .mapToInt(Integer::intValue)
                        .toArray();
        double[] ranks = new double[values.length];
        int end;
        for (int start = 0; start < order.length; start = end) {
            end = start + 1;
            while (end < order.length && values[order[end]] == values[order[start]]) {
                end++;
            }
            for (int i = start; i < end; i++) {
                ranks[order[i]] = (start + 1 + end) / 2.0;
            }
        }
        return ranks;
    }
}
