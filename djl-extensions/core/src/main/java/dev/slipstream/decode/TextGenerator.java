package dev.slipstream.decode;

import java.util.List;

/** A language model that continues texts. Safe for use by many threads; closing it frees it. */
public interface TextGenerator extends AutoCloseable {
    /** Returns the model's name. */
    String name();

    /**
     * Returns the most tokens that the model can read: those of the prompt and all but the last of
     * the answer.
     */
    int contextLength();

    /** Returns the number of token ids. */
    int vocabularySize();

    /** Returns the options that the model's files or its owner recommend. */
    GenerationOptions defaults();

    /** Tells whether the model has a chat template; without one {@link #chat} joins plainly. */
    boolean hasChatTemplate();

    /**
     * Tokenises a text, with the begin token before it where the model's tokenizer puts one.
     *
     * @param text may be empty if the model has a begin token
     * @throws IllegalArgumentException if there would be no token at all, or the text holds half of
     *     a surrogate pair
     */
    Prompt prompt(String text);

    /**
     * Renders a conversation with the model's own chat template, ready for the assistant's answer.
     * A model without a template is a story-teller: the messages' texts are joined by blank lines.
     *
     * @param messages at least one
     * @param tools that the model may call; most often empty
     * @throws ChatTemplateException if the template refuses the conversation
     */
    Prompt chat(List<ChatMessage> messages, List<ChatMessage.Tool> tools);

    /**
     * Checks what only the model knows of a request, as {@link #stream} does, without starting it.
     *
     * @param prompt made by this generator
     * @param options of this request
     * @throws PromptTooLongException if no token would fit after the prompt
     * @throws InvalidOptionException if the model does not have what the options ask for
     */
    default void check(Prompt prompt, GenerationOptions options) {
        if (prompt.length() >= contextLength()) {
            throw new PromptTooLongException(prompt.length(), contextLength());
        }
        check(options);
    }

    /**
     * Checks what only the model knows of options, whatever the prompt: use it where options are
     * configured, long before a request brings them.
     *
     * @param options of later requests
     * @throws InvalidOptionException if the model does not have what they ask for
     */
    default void check(GenerationOptions options) {}

    /**
     * Starts a text.
     *
     * @param prompt made by this generator
     * @param options of this request
     * @throws PromptTooLongException if no token would fit after the prompt
     */
    TokenStream stream(Prompt prompt, GenerationOptions options);

    /**
     * Returns a whole text.
     *
     * @param prompt made by this generator
     * @param options of this request
     * @throws PromptTooLongException if no token would fit after the prompt
     */
    default Generation generate(Prompt prompt, GenerationOptions options) {
        try (TokenStream stream = stream(prompt, options)) {
            return stream.readAll();
        }
    }

    /** Frees the model; streams that still run are cancelled. */
    @Override
    void close();
}
