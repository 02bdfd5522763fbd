package dev.slipstream.decode;

/** A generation option that is out of its range. */
public class InvalidOptionException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String option;

    /**
     * Constructs an exception.
     *
     * @param option the component of {@link GenerationOptions} that is wrong, in camel case
     * @param message what was expected and what was found
     */
    public InvalidOptionException(String option, String message) {
        super(option + ": " + message);
        this.option = option;
    }

    /** Returns the name of the wrong option, in camel case. */
    public String option() {
        return option;
    }
}
