package dev.slipstream.blocks.train;

/** A training that cannot begin, or cannot go on. */
public final class TrainingException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * Constructs an exception.
     *
     * @param message what was expected, what was found, what to do
     */
    public TrainingException(String message) {
        super(message);
    }
}
