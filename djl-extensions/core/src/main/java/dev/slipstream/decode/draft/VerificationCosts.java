package dev.slipstream.decode.draft;

import dev.slipstream.runtime.DecoderModel;
import java.time.Duration;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a run of n rows costs, for one model on this machine. The curve is measured when the model
 * is loaded and follows the runs that come later: as a whole, because texts grow and machines get
 * busy, and slowly in its shape. Between its sizes it is interpolated, beyond them it goes on as
 * before. Safe for use by many threads.
 */
public final class VerificationCosts {
    /** How long measuring may take. */
    public static final Duration DEFAULT_BUDGET = Duration.ofMillis(500);

    /** The cheapest further row that was seen: fp32, 32 rows, four times the time of one. */
    private static final double LEAST_SLOPE = 0.1;

    /** So much of a surprise moves the whole curve. */
    private static final double SCALE_RATE = 0.1;

    /** And so much, at least, the sizes beside it, which stays when other sizes are seen. */
    private static final double SHAPE_RATE = 0.02;

    /** A run that took twice as long as expected, or longer, was disturbed. */
    private static final double MOST_SURPRISE = Math.log(2);

    private static final double MOST_BEND = Math.log(8);
    private static final int[] SIZES = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32};

    private final int[] sizes;
    private final double[] measured;
    private final double[] bend;
    private final int[] seen;
    private double scale;
    private volatile double[] current;

    private VerificationCosts(TreeMap<Integer, Double> nanos) {
        TreeSet<Integer> all = new TreeSet<>(nanos.keySet());
        for (int size : SIZES) {
            all.add(size);
        }
        TreeMap<Integer, Double> rising = rising(nanos);
        sizes = all.stream().mapToInt(Integer::intValue).toArray();
        measured = new double[sizes.length];
        bend = new double[sizes.length];
        seen = new int[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            measured[i] = within(rising, sizes[i]);
            seen[i] = nanos.containsKey(sizes[i]) ? (int) (1 / SHAPE_RATE) : 2;
        }
        current = measured.clone();
    }

    /**
     * Returns a curve through known costs.
     *
     * @param nanosByRows nanoseconds of a run by its rows, of one row at least
     */
    public static VerificationCosts of(SortedMap<Integer, Double> nanosByRows) {
        if (!nanosByRows.containsKey(1)) {
            throw new IllegalArgumentException(
                    "nanosByRows: expected the cost of 1 row, found " + nanosByRows.keySet());
        }
        nanosByRows.forEach(
                (rows, nanos) -> {
                    if (rows < 1 || !(nanos > 0 && nanos < Double.POSITIVE_INFINITY)) {
                        throw new IllegalArgumentException(
                                "nanosByRows: expected at least 1 row and a time above 0, found %d: %s"
                                        .formatted(rows, nanos));
                    }
                });
        return new VerificationCosts(new TreeMap<>(nanosByRows));
    }

    /** Measures a model that nothing else uses meanwhile, for {@link #DEFAULT_BUDGET}. */
    public static VerificationCosts measure(DecoderModel model) {
        return measure(model, DEFAULT_BUDGET);
    }

    /**
     * Measures a model that nothing else uses meanwhile.
     *
     * @param budget how long; a slow model gets fewer sizes, but one and two rows in any case
     */
    public static VerificationCosts measure(DecoderModel model, Duration budget) {
        try (CostRuns runs = new CostRuns(model)) {
            CostMeasurement measurement =
                    new CostMeasurement(runs, System::nanoTime, budget.toNanos());
            return of(measurement.measure(runs.past(), runs.mostRows()));
        }
    }

    /**
     * Returns the nanoseconds that a run is expected to take.
     *
     * @param rows tokens in it, at least 1
     */
    public double nanos(int rows) {
        double[] costs = current;
        int right = right(rows);
        double weight = weight(rows, right);
        return costs[right - 1] + weight * (costs[right] - costs[right - 1]);
    }

    /**
     * Learns from a run.
     *
     * @param rows tokens in it, at least 1
     * @param nanos that it took; nothing is learned from 0 or less
     */
    public synchronized void observe(int rows, long nanos) {
        if (nanos <= 0) {
            return;
        }
        double surprise = Math.log(nanos / nanos(rows));
        surprise = Math.max(-MOST_SURPRISE, Math.min(MOST_SURPRISE, surprise));
        scale += SCALE_RATE * surprise;
        int right = right(rows);
        double weight = Math.min(1, weight(rows, right));
        bend(right - 1, (1 - weight) * surprise);
        bend(right, weight * surprise);
        double[] next = new double[sizes.length];
        for (int i = sizes.length - 1; i >= 0; i--) {
            double cost = measured[i] * Math.exp(scale + bend[i]);
            next[i] = i + 1 < sizes.length ? Math.min(cost, next[i + 1]) : cost;
        }
        current = next;
    }

    private void bend(int index, double surprise) {
        if (surprise == 0) {
            return;
        }
        double rate = Math.max(SHAPE_RATE, 1.0 / ++seen[index]);
        double bent = bend[index] + rate * surprise;
        bend[index] = Math.max(-MOST_BEND, Math.min(MOST_BEND, bent));
    }

    private int right(int rows) {
        int right = 1;
        while (right < sizes.length - 1 && sizes[right] < rows) {
            right++;
        }
        return right;
    }

    private double weight(int rows, int right) {
        return (double) (rows - sizes[right - 1]) / (sizes[right] - sizes[right - 1]);
    }

    /** Noise only adds to a time: what fewer rows took beyond the time of more rows is noise. */
    private static TreeMap<Integer, Double> rising(TreeMap<Integer, Double> nanos) {
        TreeMap<Integer, Double> result = new TreeMap<>();
        double least = Double.POSITIVE_INFINITY;
        for (Map.Entry<Integer, Double> entry : nanos.descendingMap().entrySet()) {
            least = Math.min(least, entry.getValue());
            result.put(entry.getKey(), least);
        }
        return result;
    }

    private static double within(TreeMap<Integer, Double> nanos, int rows) {
        Map.Entry<Integer, Double> below = nanos.floorEntry(rows);
        Map.Entry<Integer, Double> above = nanos.ceilingEntry(rows);
        if (above == null) {
            Map.Entry<Integer, Double> before = nanos.lowerEntry(below.getKey());
            double slope =
                    before == null
                            ? below.getValue()
                            : (below.getValue() - before.getValue())
                                    / (below.getKey() - before.getKey());
            double least = LEAST_SLOPE * nanos.firstEntry().getValue();
            return below.getValue() + (rows - below.getKey()) * Math.max(least, slope);
        }
        if (above.getKey().equals(below.getKey())) {
            return below.getValue();
        }
        double weight = (double) (rows - below.getKey()) / (above.getKey() - below.getKey());
        return below.getValue() + weight * (above.getValue() - below.getValue());
    }
}
