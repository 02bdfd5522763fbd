package dev.slipstream.evaluate;

import java.util.List;

/**
 * All that was measured of a sentence encoder against the original.
 *
 * @param similarity how well both order pairs of sentences
 * @param cosine mean cosine of the candidate's vector of a sentence with the original's; 1 where
 *     nothing changed
 * @param speed what it won
 * @param originalFootprint what the original takes of the machine
 * @param footprint what the candidate takes
 * @param tasks how well both did other tasks
 */
public record EncoderEvaluation(
        TaskScores similarity,
        double cosine,
        EmbeddingSpeed speed,
        Footprint originalFootprint,
        Footprint footprint,
        List<TaskScores> tasks) {
    /** Copies the list. */
    public EncoderEvaluation {
        tasks = List.copyOf(tasks);
    }
}
