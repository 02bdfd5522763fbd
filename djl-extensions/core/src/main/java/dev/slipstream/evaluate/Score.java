package dev.slipstream.evaluate;

/**
 * How well a model did a task.
 *
 * @param value the figure, a finite number
 * @param better which way is better
 * @param samples what the figure was taken over: questions, pairs, tokens
 */
public record Score(double value, Better better, long samples) {
    /** Which of two figures is the better one. */
    public enum Better {
        /** As of accuracies. */
        HIGHER,
        /** As of errors. */
        LOWER
    }

    /** Checks that there is a figure. */
    public Score {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("value: expected a finite number, found " + value);
        }
        if (samples < 1) {
            throw new IllegalArgumentException("samples: expected 1 or more, found " + samples);
        }
    }

    /**
     * Returns the part of the original's figure that is lost: 0.01 where 1 % is, below 0 where this
     * one is better.
     *
     * @param original the original's score in the same task, not 0
     */
    public double loss(Score original) {
        double change = (original.value - value) / Math.abs(original.value);
        return better == Better.HIGHER ? change : -change;
    }
}
