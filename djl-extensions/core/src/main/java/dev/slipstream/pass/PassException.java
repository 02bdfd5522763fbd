package dev.slipstream.pass;

import org.jspecify.annotations.Nullable;

/**
 * A plan or a pass cannot be carried out: says which one, at which layer or tensor, what was
 * expected, what was found and what to change.
 */
public final class PassException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final @Nullable String pass;

    /** Constructs it with a message for the user. */
    public PassException(String message) {
        super(message);
        pass = null;
    }

    /** Constructs it with a message for the user and a cause. */
    public PassException(String message, Throwable cause) {
        super(message, cause);
        pass = null;
    }

    private PassException(String message, String pass, Throwable cause) {
        super(message, cause);
        this.pass = pass;
    }

    /** Returns this as what went wrong in a pass, which the message names too. */
    PassException in(String pass) {
        String message = String.valueOf(getMessage());
        return new PassException(
                message.contains("pass " + pass) || message.contains(pass + ":")
                        ? message
                        : "pass %s: %s".formatted(pass, message),
                pass,
                this);
    }

    /** Returns the name of the pass that could not be carried out; null where it is none alone. */
    public @Nullable String pass() {
        return pass;
    }
}
