package dev.slipstream.decode;

/**
 * How the texts of a model are decoded, for all its requests: makes their decoders and owns what
 * these share. Safe for use by many threads.
 */
public interface DecodingMethod extends AutoCloseable {
    /** Returns the decoder of one text; its owner closes it, before the request's session. */
    TextDecoder open(TextRequest request);

    /**
     * Returns how many tokens a run may write behind the text that are forgotten after it, for
     * which a session has room beside the text where the model's context allows it.
     */
    default int scratch() {
        return 0;
    }

    /**
     * Checks what only the method knows of a request's options.
     *
     * @throws InvalidOptionException if it does not do what they ask for
     */
    default void check(GenerationOptions options) {}

    /** Frees what the decoders share, after the last of them is closed. */
    @Override
    void close();
}
