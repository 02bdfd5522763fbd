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

    /** Returns why a model cannot be opened; the exception itself if it says so already. */
    static InferenceException opening(String model, Exception e) {
        return e instanceof InferenceException known
                ? known
                : new InferenceException(
                        "%s: ONNX Runtime cannot open it: %s".formatted(model, e.getMessage()), e);
    }
}
