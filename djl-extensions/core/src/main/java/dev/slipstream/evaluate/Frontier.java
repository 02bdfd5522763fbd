package dev.slipstream.evaluate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Shows what speed costs in quality on one model, one text and one machine: sweeps methods and
 * their combinations, so that a user can choose.
 *
 * @param methods in the order in which their passes are applied: those that take something out
 *     before those that store the rest in fewer bits
 * @param points the most candidates to try
 * @param limit the longest time; the candidate that is under way at its end is finished
 */
public record Frontier(List<Method> methods, int points, Duration limit) {
    /** Copies the list and checks the ranges. */
    public Frontier {
        methods = List.copyOf(methods);
        if (methods.isEmpty()) {
            throw new IllegalArgumentException("methods: expected 1 or more, found none");
        }
        if (points < 1) {
            throw new IllegalArgumentException("points: expected 1 or more, found " + points);
        }
        if (limit.isNegative()) {
            throw new IllegalArgumentException(
                    "limit: expected a time of 0 or more, found " + limit);
        }
    }

    /** Hears how a sweep goes on. */
    public interface Listener {
        /**
         * Is called before a candidate.
         *
         * @param number 1 for the first
         * @param candidate what will be tried
         */
        void begins(int number, Candidate candidate);

        /**
         * Is called after a candidate, with all that there is, so that it can be kept.
         *
         * @param points in the order in which they were tried
         */
        void found(List<FrontierPoint> points);
    }

    /**
     * Sweeps. What fails is noted with its reason, and the sweep goes on.
     *
     * @param evaluator measures one candidate; a {@link CancellationException} ends the sweep with
     *     what there is
     * @param listener hears how it goes on
     * @return the points in the order in which they were tried
     */
    public List<FrontierPoint> sweep(Function<Candidate, Evaluation> evaluator, Listener listener) {
        SweepOrder order = new SweepOrder(methods, points);
        List<FrontierPoint> found = new ArrayList<>();
        long start = System.nanoTime();
        while (found.size() < points
                && Duration.ofNanos(System.nanoTime() - start).compareTo(limit) < 0) {
            Trial trial = order.next();
            if (trial == null) {
                break;
            }
            listener.begins(found.size() + 1, trial.candidate(methods));
            FrontierPoint point = point(trial, evaluator);
            if (point == null) {
                break;
            }
            found.add(point);
            order.tried(trial, point.worth());
            listener.found(List.copyOf(found));
        }
        return found;
    }

    private @Nullable FrontierPoint point(Trial trial, Function<Candidate, Evaluation> evaluator) {
        long start = System.nanoTime();
        Evaluation evaluation = null;
        String failure = null;
        try {
            evaluation = evaluator.apply(trial.candidate(methods));
        } catch (CancellationException e) {
            return null;
        } catch (RuntimeException | OutOfMemoryError e) {
            failure = e.getMessage() == null ? e.toString() : e.getMessage();
        }
        return new FrontierPoint(
                trial.candidate(methods),
                trial.names(methods),
                evaluation,
                failure,
                (System.nanoTime() - start) / 1e9);
    }
}
