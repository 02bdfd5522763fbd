package dev.slipstream.runtime;

/** ONNX Runtime could not open or run a model. */
public class InferenceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Constructs an exception.
     *
     * @param message which model, what was expected, what was found, what to do
     */
    public InferenceException(String message) {
        super(message);
    }

    /**
     * Constructs an exception with a cause.
     *
     * @param message which model, what was expected, what was found, what to do
     * @param cause what ONNX Runtime threw
     */
    public InferenceException(String message, Throwable cause) {
        super(message, cause);
    }
}
