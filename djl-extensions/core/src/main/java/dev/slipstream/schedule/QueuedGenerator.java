package dev.slipstream.schedule;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import java.util.List;

/** Lets a few requests run at once and a bounded number wait, first come, first served. */
public final class QueuedGenerator implements TextGenerator {
    private final TextGenerator generator;
    private final Admission admission;

    /**
     * Constructs a queue before a generator, which it owns from now on.
     *
     * @param generator does the work
     * @param maxActive requests that run at once
     * @param maxQueued requests that may wait beyond those
     */
    public QueuedGenerator(TextGenerator generator, int maxActive, int maxQueued) {
        this.generator = generator;
        this.admission = new Admission(generator.name(), maxActive, maxQueued);
    }

    /** Returns how many requests run now. */
    public int active() {
        return admission.active();
    }

    /** Returns how many requests wait now. */
    public int queued() {
        return admission.queued();
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

    /**
     * {@inheritDoc}
     *
     * <p>Returns at once; the wait for a place is in the first {@link TokenStream#hasNext()}.
     *
     * @throws QueueFullException if too many requests wait already
     */
    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions options) {
        TokenStream stream = generator.stream(prompt, options);
        try {
            return new QueuedStream(stream, admission.enter(), options.deadline());
        } catch (QueueFullException e) {
            stream.close();
            throw e;
        }
    }

    /** {@inheritDoc} Those that wait end without having run. */
    @Override
    public void close() {
        try {
            generator.close();
        } finally {
            admission.giveUpAll();
        }
    }
}
