package dev.slipstream.decode;

import java.util.List;

/**
 * Forwards everything to another generator, which it owns: the base of those that add something.
 */
public class ForwardingGenerator implements TextGenerator {
    private final TextGenerator generator;

    /**
     * Constructs a generator.
     *
     * @param generator does the work, and belongs to this one from now on
     */
    protected ForwardingGenerator(TextGenerator generator) {
        this.generator = generator;
    }

    @Override
    public String name() {
        return generator.name();
    }

    @Override
    public int contextLength() {
        return generator.contextLength();
    }

    @Override
    public int vocabularySize() {
        return generator.vocabularySize();
    }

    @Override
    public GenerationOptions defaults() {
        return generator.defaults();
    }

    @Override
    public boolean hasChatTemplate() {
        return generator.hasChatTemplate();
    }

    @Override
    public Prompt prompt(String text) {
        return generator.prompt(text);
    }

    @Override
    public Prompt chat(List<ChatMessage> messages, List<ChatMessage.Tool> tools) {
        return generator.chat(messages, tools);
    }

    @Override
    public void check(Prompt prompt, GenerationOptions options) {
        generator.check(prompt, options);
    }

    @Override
    public void check(GenerationOptions options) {
        generator.check(options);
    }

    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions options) {
        return generator.stream(prompt, options);
    }

    @Override
    public void close() {
        generator.close();
    }
}
