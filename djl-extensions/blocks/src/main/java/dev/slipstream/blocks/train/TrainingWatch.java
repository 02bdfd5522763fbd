package dev.slipstream.blocks.train;

import java.nio.file.Path;
import java.util.Map;

/** Hears how a training goes on. Implement it to show or record that. */
public interface TrainingWatch {
    /**
     * A step is done.
     *
     * @param report of the step
     */
    default void stepped(StepReport report) {}

    /**
     * The validation text was measured.
     *
     * @param step number of steps done
     * @param losses by name, in nats a token
     */
    default void validated(int step, Map<String, Double> losses) {}

    /**
     * A checkpoint is on the disk.
     *
     * @param step number of steps done
     * @param directory of the checkpoint
     */
    default void saved(int step, Path directory) {}
}
