package dev.slipstream.blocks.train;

/** The losses of some sequences. */
@FunctionalInterface
public interface Objective {
    /**
     * Computes the losses of a part of the sequences and hands them over.
     *
     * @param pass what to compute with
     * @param from the first sequence
     * @param to one past the last sequence
     */
    void compute(LossPass pass, int from, int to);
}
