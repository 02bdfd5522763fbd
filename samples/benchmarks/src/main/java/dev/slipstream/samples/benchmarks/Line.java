package dev.slipstream.samples.benchmarks;

import java.util.Map;

/**
 * A straight line through points.
 *
 * @param start its value at 0
 * @param slope by how much it rises from one to the next whole number
 */
record Line(double start, double slope) {
    /**
     * Returns the line with the least sum of squared distances.
     *
     * @param points values by where they are, two at least
     */
    static Line through(Map<Integer, Double> points) {
        if (points.size() < 2) {
            throw new IllegalArgumentException(
                    "points: expected 2 or more for a line, found " + points.size());
        }
        double middle = points.keySet().stream().mapToInt(x -> x).average().orElseThrow();
        double mean = points.values().stream().mapToDouble(y -> y).average().orElseThrow();
        double products = 0;
        double squares = 0;
        for (Map.Entry<Integer, Double> point : points.entrySet()) {
            double distance = point.getKey() - middle;
            products += distance * (point.getValue() - mean);
            squares += distance * distance;
        }
        double slope = products / squares;
        return new Line(mean - slope * middle, slope);
    }

    /** Returns from where on, 0 or later, this line is above another; infinity if it never is. */
    double above(Line other) {
        double closing = slope - other.slope;
        double gap = other.start - start;
        if (closing <= 0) {
            return gap < 0 && closing == 0 ? 0 : Double.POSITIVE_INFINITY;
        }
        return Math.max(0, gap / closing);
    }

    /** Returns this line with all values multiplied. */
    Line times(double factor) {
        return new Line(start * factor, slope * factor);
    }
}
