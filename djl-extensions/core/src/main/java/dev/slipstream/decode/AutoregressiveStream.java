package dev.slipstream.decode;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One text in the thread of whoever reads it, with the model to itself. */
final class AutoregressiveStream implements TokenStream {
    /** Between pieces of a prompt, its deadline is looked at. */
    private static final int PREFILL_PIECE = 256;

    private final LanguageModel model;
    private final DecodingMethod method;
    private final @Nullable PrefixCache cache;
    private final Prompt prompt;
    private final GenerationOptions options;
    private final long submitted = System.nanoTime();
    private final Consumer<AutoregressiveStream> onEnd;
    private final Object sessionLock = new Object();
    private @Nullable DecoderSession session;
    private @Nullable TextDecoder decoder;
    private @Nullable TextChunk ready;
    private volatile @Nullable FinishReason finish;
    private volatile boolean cancelled;
    private boolean failed;
    private int generated;
    private int runs;
    private Statistics.Work work = Statistics.Work.NONE;
    private long started;
    private long first;
    private long latest;

    /**
     * Constructs a stream.
     *
     * @param onEnd called when nothing more will run; perhaps more than once
     */
    AutoregressiveStream(
            LanguageModel model,
            DecodingMethod method,
            @Nullable PrefixCache cache,
            Prompt prompt,
            GenerationOptions options,
            Consumer<AutoregressiveStream> onEnd) {
        this.model = model;
        this.method = method;
        this.cache = cache;
        this.prompt = prompt;
        this.options = options;
        this.onEnd = onEnd;
    }

    @Override
    public synchronized boolean hasNext() {
        if (failed) {
            throw new IllegalStateException(
                    "this text broke off with an error; start another stream");
        }
        if (ready == null && finish == null) {
            failed = true;
            try {
                ready = decode();
                failed = false;
            } finally {
                if (failed || finish != null) {
                    closeSession();
                }
            }
        }
        return ready != null;
    }

    @Override
    public synchronized TextChunk next() {
        if (!hasNext() || ready == null) {
            throw new NoSuchElementException("the text has ended");
        }
        TextChunk chunk = ready;
        ready = null;
        return chunk;
    }

    /** Returns the next piece of text; null if the text ended and no more is left of it. */
    private @Nullable TextChunk decode() {
        if (options.maxTokens() == 0) {
            finish = FinishReason.LENGTH;
            latest = System.nanoTime();
            return null;
        }
        TextChunk chunk = null;
        while (chunk == null && finish == null) {
            FinishReason over = over();
            if (over == null) {
                chunk = step(decoder());
            } else if (decoder == null) {
                finish = over;
            } else {
                decoder.end(over);
                chunk = decoder.poll();
                finish = decoder.finishReason();
            }
        }
        if (finish != null) {
            latest = System.nanoTime();
        }
        return chunk;
    }

    private @Nullable TextChunk step(TextDecoder open) {
        try {
            Turn turn = open.next(PREFILL_PIECE, 0);
            long start = System.nanoTime();
            Logits logits = run(turn);
            open.take(logits, System.nanoTime() - start);
        } catch (CancellationException e) {
            // Ended from outside, in the run or in the drafter's: the loop finds out why.
            cancelled = cancelled || over() == null;
            return null;
        } finally {
            count(open);
        }
        TextChunk chunk = open.poll();
        finish = open.finishReason();
        return chunk;
    }

    private Logits run(Turn turn) {
        try {
            return turn.session().model().forward(turn);
        } finally {
            runs = turn.session().runs();
        }
    }

    private void count(TextDecoder open) {
        work = open.work();
        if (open.generated() > generated) {
            latest = System.nanoTime();
            first = generated == 0 ? latest : first;
            generated = open.generated();
        }
    }

    private @Nullable FinishReason over() {
        if (cancelled) {
            return FinishReason.CANCELLED;
        }
        Duration deadline = options.deadline();
        return deadline != null && System.nanoTime() - submitted >= deadline.toNanos()
                ? FinishReason.DEADLINE
                : null;
    }

    @Override
    public void cancel() {
        cancelled = true;
        synchronized (sessionLock) {
            if (session != null) {
                session.terminate();
            }
        }
    }

    @Override
    public FinishReason finishReason() {
        FinishReason reason = finish;
        if (reason == null) {
            throw new IllegalStateException("the text has not ended yet");
        }
        return reason;
    }

    @Override
    public Statistics statistics() {
        long now = finish == null ? System.nanoTime() : latest;
        return new Statistics(
                prompt.length(),
                generated,
                runs,
                Duration.ofNanos((started == 0 ? now : started) - submitted),
                Duration.ofNanos(generated == 0 ? 0 : first - submitted),
                Duration.ofNanos(now - submitted),
                work);
    }

    /** May come from any thread: one that is inside {@link #hasNext()} ends its step before. */
    @Override
    public void close() {
        cancel();
        synchronized (this) {
            if (finish == null) {
                finish = FinishReason.CANCELLED;
                latest = System.nanoTime();
            }
            ready = null;
            closeSession();
        }
    }

    /**
     * Ends the text after the piece that is ready, if any. When this returns, no thread is in the
     * model or its tokenizer for this stream, nor will be.
     */
    void leaveModel() {
        cancel();
        synchronized (this) {
            closeSession();
        }
    }

    private TextDecoder decoder() {
        if (decoder == null) {
            started = System.nanoTime();
            decoder = method.open(new TextRequest(model, prompt, options, session(), cache));
        }
        return decoder;
    }

    private DecoderSession session() {
        synchronized (sessionLock) {
            if (session == null) {
                session =
                        model.decoder()
                                .newSession(model.capacity(prompt, options, method.scratch()));
                if (cancelled) {
                    session.terminate();
                }
            }
            return session;
        }
    }

    private void closeSession() {
        TextDecoder last = decoder;
        decoder = null;
        DecoderSession open;
        synchronized (sessionLock) {
            open = session;
            session = null;
        }
        try (open;
                last) {
            onEnd.accept(this);
        }
    }
}
