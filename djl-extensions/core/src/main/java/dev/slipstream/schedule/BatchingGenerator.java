package dev.slipstream.schedule;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.ForwardingGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TokenStream;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the texts of many callers together (continuous batching: Yu and others, Orca, 2022): each
 * step runs the next tokens of all requests, which join and leave between steps, and long prompts
 * are read by pieces beside them (Agrawal and others, Sarathi, 2023). The weights are read once for
 * all of a step's tokens, so a step costs little more than one request's alone.
 *
 * <p>Requests are admitted first come, first served, while places and memory last. Prompts share
 * the tokens that a step may read of them by {@link GenerationOptions#weight()}: the one that has
 * read the least for its weight goes next, so that a short prompt does not wait for a long one, nor
 * a long one for ever for short ones.
 *
 * <p>One thread of the generator's own runs the steps, whether or not the texts are read: what is
 * not read yet is kept, and a cancelled stream ends where its reader is. An error in a request ends
 * that request alone, and reaches its reader in {@link TokenStream#hasNext()} after the text that
 * came before it. Where a run fails that several requests share, each one's part is run again
 * alone, so that only the one to blame ends.
 */
public final class BatchingGenerator extends ForwardingGenerator implements SharedGenerator {
    private final AutoregressiveGenerator generator;
    private final BatchOptions options;
    private final Admission admission;
    private final Scheduler scheduler;

    /**
     * Constructs a generator.
     *
     * @param generator of the same model, texts and drafts; belongs to this one from now on
     * @param options how the requests share it
     */
    public BatchingGenerator(AutoregressiveGenerator generator, BatchOptions options) {
        this(generator, options, step -> {});
    }

    /** Constructs a generator that tells of every step, in its own thread, before it runs. */
    BatchingGenerator(
            AutoregressiveGenerator generator, BatchOptions options, Consumer<List<Share>> onStep) {
        super(generator);
        this.generator = generator;
        this.options = options;
        this.admission =
                new Admission(
                        generator.name(),
                        options.maxActive(),
                        options.maxQueued(),
                        options.keyValueBytes());
        RequestOpener opener =
                new RequestOpener(generator.model(), generator.method(), generator.cache());
        this.scheduler = new Scheduler(opener, admission, options.prefillChunk(), onStep);
    }

    @Override
    public int active() {
        return admission.active();
    }

    @Override
    public int queued() {
        return admission.queued();
    }

    /** Returns the bytes of keys and values that are set aside for the requests that run now. */
    public long keyValueBytes() {
        return admission.bytes();
    }

    /** Returns the model that the requests share; it stays this generator's. */
    public LanguageModel model() {
        return generator.model();
    }

    /** Returns what is remembered of texts; null if every prompt is read. */
    public @Nullable PrefixCache cache() {
        return generator.cache();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Returns at once; the request runs as soon as it has a place.
     *
     * @throws QueueFullException if too many requests wait already
     * @throws InvalidOptionException if the request would not fit into memory if it were the only
     *     one
     */
    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions requested) {
        generator.check(prompt, requested);
        ScheduledRequest request = new ScheduledRequest(prompt, requested, scheduler);
        scheduler.submit(request, bytes(prompt, requested));
        return request.stream();
    }

    private long bytes(Prompt prompt, GenerationOptions requested) {
        int capacity = generator.model().capacity(prompt, requested, generator.method().scratch());
        long bytes = generator.model().decoder().sessionBytes(capacity);
        if (bytes > options.keyValueBytes()) {
            throw new InvalidOptionException(
                    "maxTokens",
                    ("the keys and values of a prompt of %d tokens and %d more take %d bytes, but all"
                                    + " requests of %s together may take %d; ask for fewer tokens,"
                                    + " shorten the prompt, or raise the limit")
                            .formatted(
                                    prompt.length(),
                                    capacity - prompt.length(),
                                    bytes,
                                    name(),
                                    options.keyValueBytes()));
        }
        return bytes;
    }

    /**
     * {@inheritDoc} Those that wait end without having run. Returns when the step that runs now has
     * ended, and with it the generator's thread.
     */
    @Override
    public void close() {
        try {
            scheduler.close();
        } finally {
            super.close();
        }
    }
}
