package dev.slipstream.blocks.train;

import dev.slipstream.blocks.Arithmetic;

/**
 * The settings of a run that do not depend on its recipe.
 *
 * @param steps of the whole training
 * @param batch sequences of a step
 * @param portion sequences that go through the decoder at once; the gradients of the portions of a
 *     step are added up, so that it changes nothing but memory and speed
 * @param length tokens of a sequence
 * @param rate of the steps
 * @param adam settings of the optimiser
 * @param seed of the order of the text and of everything that recipes draw
 * @param arithmetic of matrix products
 * @param validateEvery steps between two measurements on the validation text; the last step is
 *     always followed by one
 * @param validationWindows sequences of each measurement
 * @param checkpointEvery steps between two checkpoints; the last step is always followed by one
 */
public record TrainingOptions(
        int steps,
        int batch,
        int portion,
        int length,
        LearningRate rate,
        AdamOptions adam,
        long seed,
        Arithmetic arithmetic,
        int validateEvery,
        int validationWindows,
        int checkpointEvery) {
    /** Checks the ranges. */
    public TrainingOptions {
        Check.atLeast("steps", 1, steps);
        Check.atLeast("batch", 1, batch);
        Check.atLeast("portion", 1, portion);
        Check.atLeast("length", 2, length);
        Check.atLeast("steps between validations", 1, validateEvery);
        Check.atLeast("validation windows", 1, validationWindows);
        Check.atLeast("steps between checkpoints", 1, checkpointEvery);
    }
}
