package dev.slipstream.checkpoint;

/** A model directory or checkpoint that cannot be turned into a graph. */
public class CheckpointException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Constructs an exception.
     *
     * @param message which file and tensor, what was expected, what was found, what to do
     */
    public CheckpointException(String message) {
        super(message);
    }

    /**
     * Constructs an exception with a cause.
     *
     * @param message which file and tensor, what was expected, what was found, what to do
     * @param cause what was thrown below
     */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
