package dev.slipstream.pass;

/**
 * A plan or a pass cannot be carried out: says which one, at which layer or tensor, what was
 * expected, what was found and what to change.
 */
public final class PassException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Constructs it with a message for the user. */
    public PassException(String message) {
        super(message);
    }

    /** Constructs it with a message for the user and a cause. */
    public PassException(String message, Throwable cause) {
        super(message, cause);
    }
}
