package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.schedule.QueueFullException;
import java.util.List;

/** Meters every request of a model. */
final class MeteredGenerator implements TextGenerator {
    private final TextGenerator generator;
    private final RequestMeters meters;

    MeteredGenerator(TextGenerator generator, RequestMeters meters) {
        this.generator = generator;
        this.meters = meters;
    }

    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions options) {
        try {
            return new MeteredStream(generator.stream(prompt, options), meters);
        } catch (QueueFullException e) {
            meters.rejected();
            throw e;
        }
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
    public void close() {
        generator.close();
    }
}
