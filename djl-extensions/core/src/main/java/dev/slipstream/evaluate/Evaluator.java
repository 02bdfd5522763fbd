package dev.slipstream.evaluate;

/**
 * A task of one's own, by which models are judged beside perplexity: what matters is what a model
 * is used for. Evaluators are found on the class path by {@link java.util.ServiceLoader}, see
 * {@link Evaluators}; or made and called by hand.
 *
 * <p>Deterministic, so that two models can be compared by it. Called by one thread at a time.
 */
public interface Evaluator {
    /** Returns the task's name, as plans, tables and reports show it: {@code sts-b}. */
    String name();

    /**
     * Tells whether a model can do the task at all.
     *
     * @param subject a model that is open
     */
    boolean suits(Subject subject);

    /**
     * Lets a model do the task.
     *
     * @param subject a model that {@link #suits}; not closed here
     * @throws IllegalArgumentException if the model does not suit
     */
    Score evaluate(Subject subject);
}
