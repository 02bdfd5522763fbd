package dev.slipstream.evaluate;

/** Hears how far an evaluation is. What it throws ends the evaluation. */
@FunctionalInterface
public interface EvaluationProgress {
    /** What is being measured. */
    enum Stage {
        /** Both models read the text; counted in tokens. */
        QUALITY,
        /** Both models continue prompts; counted in texts. */
        SPEED
    }

    /**
     * Is called now and then.
     *
     * @param stage what is being measured
     * @param done how much of it is done
     * @param all how much there is to do
     */
    void accept(Stage stage, int done, int all);
}
