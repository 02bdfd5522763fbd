package dev.slipstream.samples.cli;

import dev.slipstream.decode.Statistics;
import java.time.Duration;

/**
 * Where the time after the first token went.
 *
 * @param drafting in the drafter, its runs of a model included
 * @param verifying in the model's graph
 * @param sampling from logits to text
 */
record Stages(Duration drafting, Duration verifying, Duration sampling) {
    static final Stages NONE = new Stages(Duration.ZERO, Duration.ZERO, Duration.ZERO);

    /** Returns the times from one moment of a text to a later one. */
    static Stages between(Statistics.Work from, Statistics.Work to) {
        return new Stages(
                to.drafting().minus(from.drafting()),
                to.running().minus(from.running()),
                to.sampling().minus(from.sampling()));
    }

    Stages plus(Stages other) {
        return new Stages(
                drafting.plus(other.drafting),
                verifying.plus(other.verifying),
                sampling.plus(other.sampling));
    }

    Shares shares() {
        double all = drafting.plus(verifying).plus(sampling).toNanos();
        return all == 0
                ? new Shares(0, 0, 0)
                : new Shares(
                        drafting.toNanos() / all,
                        verifying.toNanos() / all,
                        sampling.toNanos() / all);
    }

    /**
     * Parts of the time that the three stages took together, from 0 to 1.
     *
     * @param drafting in the drafter
     * @param verifying in the model's graph
     * @param sampling from logits to text
     */
    record Shares(double drafting, double verifying, double sampling) {}
}
