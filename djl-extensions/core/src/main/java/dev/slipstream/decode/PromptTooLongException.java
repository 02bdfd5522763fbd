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
        this("", promptTokens, contextLength);
    }

    private PromptTooLongException(String bound, int promptTokens, int contextLength) {
        super(
                "the prompt has %s%d tokens, but the model's context holds %d with at least one for the answer"
                                .formatted(bound, promptTokens, contextLength)
                        + "; shorten the prompt, or raise the context length if the model allows it");
        this.promptTokens = promptTokens;
        this.contextLength = contextLength;
    }

    /**
     * Returns the exception for a prompt so long that counting its tokens would take too long.
     *
     * @param promptTokens fewer than the prompt has
     * @param contextLength of the model
     */
    static PromptTooLongException atLeast(int promptTokens, int contextLength) {
        return new PromptTooLongException("at least ", promptTokens, contextLength);
    }

    /** Returns the length of the prompt in tokens, or a lower bound of it. */
    public int promptTokens() {
        return promptTokens;
    }

    /** Returns the model's context length in tokens. */
    public int contextLength() {
        return contextLength;
    }
}
