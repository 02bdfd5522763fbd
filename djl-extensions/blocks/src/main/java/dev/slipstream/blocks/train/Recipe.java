package dev.slipstream.blocks.train;

import com.google.gson.JsonObject;
import dev.slipstream.checkpoint.DecoderConfig;
import java.util.List;
import java.util.SplittableRandom;

/** What a training lessens. Implement it for an objective of your own. */
public interface Recipe {
    /** Returns its name and settings in one line: a run goes on only with the recipe it had. */
    String description();

    /**
     * Checks that a decoder can be trained so, before anything is done.
     *
     * @param config of the decoder
     * @param options of the run
     * @throws IllegalArgumentException if it cannot
     */
    default void check(DecoderConfig config, TrainingOptions options) {}

    /**
     * Prepares a step: everything random is drawn here, so that it does not depend on how the step
     * is divided.
     *
     * @param step from 0
     * @param windows the step's sequences, all of one length
     * @param random the step's own draws
     */
    Objective objective(int step, int[][] windows, SplittableRandom random);

    /**
     * Prepares what is measured on text that is not trained on.
     *
     * @param windows sequences of one length
     */
    List<Objective> validation(int[][] windows);

    /**
     * Returns what to set in the object {@code slipstream} of the trained model's configuration;
     * JSON's null removes an entry.
     */
    JsonObject configuration();
}
