package dev.slipstream.evaluate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a sweep tries next: first every method by itself, the methods in turns, each from
 * its most telling setting on; then combinations of what was good alone, those that promise most
 * beyond what was measured, in turns of those that lose little and of all.
 *
 * <p>What a combination promises is reckoned from a measured one and one more part: losses add up,
 * ratios multiply.
 */
final class SweepOrder {
    /**
     * Nats a token, 5 % of perplexity. Ratios multiply, so what loses most promises most: without
     * turns of their own no combination that loses little would be tried.
     */
    private static final double LITTLE = 0.05;

    private final Deque<Trial> singles = new ArrayDeque<>();
    private final Map<Trial, Worth> measured = new LinkedHashMap<>();
    private final List<Trial> failed = new ArrayList<>();
    private int singlesBeforeCombinations;
    private int combinations;

    /**
     * Constructs an order.
     *
     * @param methods in the order in which their passes are applied
     * @param points how many candidates may be tried; with several methods a third of them is kept
     *     for combinations
     */
    SweepOrder(List<Method> methods, int points) {
        int longest = methods.stream().mapToInt(method -> method.grid().size()).max().orElse(0);
        for (int setting = 0; setting < longest; setting++) {
            for (int place = 0; place < methods.size(); place++) {
                Method method = methods.get(place);
                if (setting < method.grid().size()) {
                    singles.add(Trial.single(place, method.grid().get(setting)));
                }
            }
        }
        singlesBeforeCombinations =
                methods.size() < 2 ? points : Math.max(methods.size(), points - points / 3);
    }

    /** Returns what to try next; null if nothing is left that promises anything. */
    @Nullable Trial next() {
        if (singlesBeforeCombinations > 0 && !singles.isEmpty()) {
            singlesBeforeCombinations--;
            return singles.remove();
        }
        Trial combination = null;
        if (combinations++ % 2 == 0) {
            combination = mostPromising(LITTLE);
        }
        if (combination == null) {
            combination = mostPromising(Double.POSITIVE_INFINITY);
        }
        return combination != null ? combination : singles.poll();
    }

    /** Takes what came of a trial. */
    void tried(Trial trial, @Nullable Worth worth) {
        if (worth == null) {
            failed.add(trial);
        } else {
            measured.put(trial, worth);
        }
    }

    private @Nullable Trial mostPromising(double limit) {
        Trial best = null;
        // A combination that is not expected to beat what there is would only fill the page.
        double most = 1;
        for (Map.Entry<Trial, Worth> base : measured.entrySet()) {
            for (Map.Entry<Trial, Worth> more : measured.entrySet()) {
                if (base.getValue().ratio() <= 1 || !good(more.getKey(), more.getValue())) {
                    continue;
                }
                Trial both = base.getKey().with(more.getKey());
                if (!base.getKey().goesWith(more.getKey())
                        || measured.containsKey(both)
                        || fails(both)) {
                    continue;
                }
                Worth promise = base.getValue().and(more.getValue());
                double gain = promise.ratio() / fastest(promise.nats());
                if (gain > most && promise.nats() <= limit) {
                    most = gain;
                    best = both;
                }
            }
        }
        return best;
    }

    /** Tells whether a single setting is faster than the original and not beaten by its method. */
    private boolean good(Trial trial, Worth worth) {
        return trial.single()
                && worth.ratio() > 1
                && measured.entrySet().stream()
                        .filter(other -> other.getKey().methods().equals(trial.methods()))
                        .noneMatch(other -> other.getValue().dominates(worth));
    }

    /** Methods that could not be combined once cannot with other settings, either. */
    private boolean fails(Trial trial) {
        return failed.stream()
                .anyMatch(other -> !other.single() && trial.methods().containsAll(other.methods()));
    }

    private double fastest(double nats) {
        return measured.values().stream()
                .filter(worth -> worth.nats() <= nats)
                .mapToDouble(Worth::ratio)
                .reduce(Worth.ORIGINAL.ratio(), Math::max);
    }
}
