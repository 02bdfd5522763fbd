package dev.slipstream.schedule;

import dev.slipstream.decode.ForwardingGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;

/**
 * Lets a few requests run at once and a bounded number wait, first come, first served: for
 * generators whose requests cannot share a run, as those of {@link BatchingGenerator} do.
 */
public final class QueuedGenerator extends ForwardingGenerator implements SharedGenerator {
    private final Admission admission;

    /**
     * Constructs a queue before a generator, which it owns from now on.
     *
     * @param generator does the work
     * @param maxActive requests that run at once
     * @param maxQueued requests that may wait beyond those
     */
    public QueuedGenerator(TextGenerator generator, int maxActive, int maxQueued) {
        super(generator);
        this.admission = new Admission(generator.name(), maxActive, maxQueued, Long.MAX_VALUE);
    }

    @Override
    public int active() {
        return admission.active();
    }

    @Override
    public int queued() {
        return admission.queued();
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
        TokenStream stream = super.stream(prompt, options);
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
            super.close();
        } finally {
            admission.giveUpAll();
        }
    }
}
