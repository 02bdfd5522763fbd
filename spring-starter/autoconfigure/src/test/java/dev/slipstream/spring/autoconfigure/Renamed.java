package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import java.util.List;

/** A decorator that shows in the name that it is there. */
record Renamed(TextGenerator generator, String by) implements TextGenerator {
    @Override
    public String name() {
        return by + "(" + generator.name() + ")";
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
    public TokenStream stream(Prompt prompt, GenerationOptions options) {
        return generator.stream(prompt, options);
    }

    @Override
    public void close() {
        generator.close();
    }
}
