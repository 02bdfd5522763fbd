package dev.slipstream.evaluate;

import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * A number that was measured several times.
 *
 * @param median of an even count, the mean of the middle two
 * @param least the smallest
 * @param most the largest
 */
public record Spread(double median, double least, double most) {
    /** Returns the spread of the values; null if there are none. */
    public static @Nullable Spread of(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        int n = sorted.length;
        return n == 0
                ? null
                : new Spread((sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1]);
    }
}
