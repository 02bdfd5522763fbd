package dev.slipstream.evaluate;

import java.util.List;

/**
 * All that was measured of a candidate against the original.
 *
 * @param quality what it lost
 * @param speed what it won
 * @param originalFootprint what the original takes of the machine
 * @param footprint what the candidate takes
 * @param tasks how well both did other tasks
 */
public record Evaluation(
        Quality quality,
        Speed speed,
        Footprint originalFootprint,
        Footprint footprint,
        List<TaskScores> tasks) {
    /** Copies the list. */
    public Evaluation {
        tasks = List.copyOf(tasks);
    }
}
