package dev.slipstream.blocks.train;

/**
 * The rate of each step: a straight line up, then half a cosine down (Loshchilov and Hutter, 2017).
 *
 * @param peak the highest rate, reached at the end of the warm-up
 * @param warmUp steps of the line
 * @param floor the last step's part of the peak, 0 to 1
 */
public record LearningRate(double peak, int warmUp, double floor) {
    /** Checks the ranges. */
    public LearningRate {
        Check.positive("learning rate", peak);
        Check.atLeast("warm-up", 0, warmUp);
        Check.fraction("floor of the learning rate", floor);
    }

    /**
     * Returns the rate of a step.
     *
     * @param step from 0
     * @param steps of the whole training
     */
    double at(int step, int steps) {
        if (step < warmUp) {
            return peak * (step + 1) / warmUp;
        }
        double done = (double) (step - warmUp) / Math.max(1, steps - 1 - warmUp);
        return peak * (floor + (1 - floor) * (1 + Math.cos(Math.PI * Math.min(1, done))) / 2);
    }
}
