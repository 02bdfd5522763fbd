package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.schedule.QueuedGenerator;
import java.util.List;

/** A model under the name and with the defaults that the application gives it. */
final class NamedGenerator implements TextGenerator {
    private final String name;
    private final String location;
    private final QueuedGenerator queue;
    private final GenerationOptions defaults;
    private volatile boolean closed;

    NamedGenerator(
            String name, String location, QueuedGenerator queue, GenerationOptions defaults) {
        this.name = name;
        this.location = location;
        this.queue = queue;
        this.defaults = defaults;
    }

    ModelStatus status() {
        return new ModelStatus(
                name, location, queue.contextLength(), queue.active(), queue.queued(), closed);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int contextLength() {
        return queue.contextLength();
    }

    @Override
    public int vocabularySize() {
        return queue.vocabularySize();
    }

    @Override
    public GenerationOptions defaults() {
        return defaults;
    }

    @Override
    public boolean hasChatTemplate() {
        return queue.hasChatTemplate();
    }

    @Override
    public Prompt prompt(String text) {
        return queue.prompt(text);
    }

    @Override
    public Prompt chat(List<ChatMessage> messages, List<ChatMessage.Tool> tools) {
        return queue.chat(messages, tools);
    }

    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions options) {
        return queue.stream(prompt, options);
    }

    @Override
    public void close() {
        closed = true;
        queue.close();
    }
}
