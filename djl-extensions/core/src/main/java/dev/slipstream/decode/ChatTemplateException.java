package dev.slipstream.decode;

/**
 * A chat template that cannot be rendered: it is broken, refuses the conversation, or never ends.
 */
public class ChatTemplateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /**
     * Constructs an exception.
     *
     * @param message what the template said, or where it failed
     */
    public ChatTemplateException(String message) {
        super(message);
    }

    /**
     * Constructs an exception with a cause.
     *
     * @param message what the template said, or where it failed
     * @param cause what was thrown below
     */
    public ChatTemplateException(String message, Throwable cause) {
        super(message, cause);
    }
}
