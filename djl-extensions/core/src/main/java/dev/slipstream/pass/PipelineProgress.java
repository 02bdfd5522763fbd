package dev.slipstream.pass;

/** Hears how far a pipeline is. */
@FunctionalInterface
public interface PipelineProgress {
    /** Hears of each pass before it begins. */
    void begins(Pass pass);

    /**
     * Hears of the work of the pass that began last, if that is one which takes long; see {@link
     * PassProgress#step}.
     */
    default void step(int done, int total) {}
}
