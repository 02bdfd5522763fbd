package dev.slipstream.decode;

/** A prompt that does not fit into the model's context. */
public class PromptTooLongException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final int promptTokens;
    private final int contextLength;

    /**
     * Constructs an exception.
     *
     * @param promptTokens length of the prompt
     * @param contextLength of the model
     */
    public PromptTooLongException(int promptTokens, int contextLength) {
        super(
                "the prompt has %d tokens, but the model's context holds %d with at least one for the answer"
                                .formatted(promptTokens, contextLength)
                        + "; shorten the prompt, or raise the context length if the model allows it");
        this.promptTokens = promptTokens;
        this.contextLength = contextLength;
    }

    /** Returns the length of the prompt in tokens. */
    public int promptTokens() {
        return promptTokens;
    }

    /** Returns the model's context length in tokens. */
    public int contextLength() {
        return contextLength;
    }
}
