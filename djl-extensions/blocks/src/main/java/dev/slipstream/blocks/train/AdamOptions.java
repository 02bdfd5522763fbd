package dev.slipstream.blocks.train;

/**
 * The settings of the optimiser.
 *
 * @param beta1 how much of the mean gradient a step keeps
 * @param beta2 how much of the mean square a step keeps
 * @param epsilon added to the root of the mean square
 * @param decay part of a matrix that a step of rate 1 removes
 * @param clip the largest norm of all gradients together; larger ones are scaled down to it
 */
public record AdamOptions(double beta1, double beta2, double epsilon, double decay, double clip) {
    /** Checks the ranges. */
    public AdamOptions {
        Check.fraction("beta1", beta1);
        Check.fraction("beta2", beta2);
        Check.positive("epsilon", epsilon);
        Check.notNegative("weight decay", decay);
        Check.positive("clip", clip);
    }

    /** Returns what language models are mostly trained with: 0.9, 0.95, 1e-8, 0.1, 1. */
    public static AdamOptions defaults() {
        return new AdamOptions(0.9, 0.95, 1e-8, 0.1, 1);
    }
}
