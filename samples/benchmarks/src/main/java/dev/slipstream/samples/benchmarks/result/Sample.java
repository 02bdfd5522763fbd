package dev.slipstream.samples.benchmarks.result;

/**
 * One measured value.
 *
 * @param model shape or name of the weights
 * @param weights precision, in lower case
 * @param threads of the contender
 * @param contender its name
 * @param figure what was measured
 * @param neighbour who else was on the machine
 * @param round in which it was measured, from 0
 * @param value in the figure's unit
 * @param foreign share of the machine that processes outside the comparison used meanwhile, 0 to 1
 */
public record Sample(
        String model,
        String weights,
        int threads,
        String contender,
        Figure figure,
        Neighbour neighbour,
        int round,
        double value,
        double foreign) {
    /** Who else was on the machine. */
    public enum Neighbour {
        /** Nobody that the comparison started. */
        NONE,
        /** A process that keeps one processor busy. */
        BUSY
    }

    /** Checks the value. */
    public Sample {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(
                    "%s, %s: expected a value above 0, found %s"
                            .formatted(contender, figure.label(), value));
        }
    }
}
