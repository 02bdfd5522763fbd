package dev.slipstream.graph;

/** A model file that cannot be read, is damaged, or is not what it was taken for. */
public class GraphException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Constructs an exception.
     *
     * @param message which file and tensor, what was expected, what was found, what to do
     */
    public GraphException(String message) {
        super(message);
    }

    /**
     * Constructs an exception with a cause.
     *
     * @param message which file and tensor, what was expected, what was found, what to do
     * @param cause what was thrown below
     */
    public GraphException(String message, Throwable cause) {
        super(message, cause);
    }
}
