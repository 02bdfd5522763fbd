package dev.slipstream.schedule;

import java.time.Duration;

/** Too many requests wait for a model. */
public class QueueFullException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;

    /**
     * Constructs an exception.
     *
     * @param model name of the model
     * @param queued how many requests wait
     * @param retryAfter when a place may be free, from the latest requests' times
     */
    public QueueFullException(String model, int queued, Duration retryAfter) {
        super(
                "model %s is busy: %d requests wait already; try again in %d s"
                        .formatted(model, queued, retryAfter.toSeconds()));
        this.retryAfter = retryAfter;
    }

    /** Returns when a place may be free. */
    public Duration retryAfter() {
        return retryAfter;
    }
}
