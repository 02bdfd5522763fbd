package dev.slipstream.decode;

import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The plain loop: run the newest token, sample the next one, until something ends the text. */
final class AutoregressiveStream implements TokenStream {
    /** Between pieces of a prompt, its deadline is looked at. */
    private static final int PREFILL_PIECE = 256;

    private final LanguageModel model;
    private final Prompt prompt;
    private final GenerationOptions options;
    private final Sampler sampler;
    private final TextAssembler text;
    private final long submitted = System.nanoTime();
    private final Consumer<AutoregressiveStream> onEnd;
    private final Object sessionLock = new Object();
    private @Nullable DecoderSession session;
    private @Nullable TextChunk ready;
    private volatile @Nullable FinishReason finish;
    private int[] pending;
    private volatile boolean cancelled;
    private boolean failed;
    private int generated;
    private int runs;
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
            Prompt prompt,
            GenerationOptions options,
            Consumer<AutoregressiveStream> onEnd) {
        this.model = model;
        this.prompt = prompt;
        this.options = options;
        this.onEnd = onEnd;
        this.pending = prompt.ids();
        this.sampler = new Sampler(options, model.decoder().vocabularySize(), prompt.ids());
        this.text = new TextAssembler(model.tokenizer(), prompt, options);
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
        List<Token> tokens = new ArrayList<>();
        while (true) {
            FinishReason over = over();
            if (over != null) {
                return last(over, tokens);
            }
            FloatBuffer logits;
            try {
                logits = forward();
            } catch (CancellationException e) {
                return last(
                        over() == FinishReason.DEADLINE
                                ? FinishReason.DEADLINE
                                : FinishReason.CANCELLED,
                        tokens);
            }
            int id = sampler.sample(logits);
            countToken();
            if (endsText(id)) {
                return last(FinishReason.STOP_TOKEN, tokens);
            }
            sampler.accept(id);
            tokens.add(text.token(id, logits));
            pending = new int[] {id};
            String piece = text.push(id);
            if (text.stopped()) {
                return last(FinishReason.STOP_STRING, piece, tokens);
            }
            if (!piece.isEmpty()) {
                return new TextChunk(piece, tokens);
            }
        }
    }

    /** Runs the tokens that the model has not seen: the prompt at first, then the newest token. */
    private FloatBuffer forward() {
        DecoderSession open = session();
        int from = 0;
        while (pending.length - from > PREFILL_PIECE && over() == null) {
            run(open, from, from + PREFILL_PIECE);
            from += PREFILL_PIECE;
        }
        if (over() != null) {
            throw new CancellationException("the request is over before its prompt was read");
        }
        return run(open, from, pending.length).last();
    }

    private Logits run(DecoderSession open, int from, int to) {
        try {
            return open.forward(pending, from, to, LogitRows.LAST);
        } finally {
            runs = open.runs();
        }
    }

    private @Nullable FinishReason over() {
        if (cancelled) {
            return FinishReason.CANCELLED;
        }
        Duration deadline = options.deadline();
        if (deadline != null && System.nanoTime() - submitted >= deadline.toNanos()) {
            return FinishReason.DEADLINE;
        }
        // The newest token is not read before the next one is asked for, so it needs no place yet.
        boolean full = prompt.length() + generated > model.decoder().contextLength();
        return generated >= options.maxTokens() || full ? FinishReason.LENGTH : null;
    }

    private boolean endsText(int id) {
        return options.stopTokens().contains(id)
                || !options.ignoreEndOfText() && model.endTokens().contains(id);
    }

    private @Nullable TextChunk last(FinishReason reason, List<Token> tokens) {
        String piece = text.flush();
        return last(text.stopped() ? FinishReason.STOP_STRING : reason, piece, tokens);
    }

    private @Nullable TextChunk last(FinishReason reason, String piece, List<Token> tokens) {
        finish = reason;
        latest = System.nanoTime();
        return piece.isEmpty() && tokens.isEmpty() ? null : new TextChunk(piece, tokens);
    }

    private void countToken() {
        latest = System.nanoTime();
        if (generated++ == 0) {
            first = latest;
        }
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
                Duration.ofNanos(now - submitted));
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

    private DecoderSession session() {
        synchronized (sessionLock) {
            if (session == null) {
                started = System.nanoTime();
                session = model.decoder().newSession();
                if (cancelled) {
                    session.terminate();
                }
            }
            return session;
        }
    }

    private void closeSession() {
        DecoderSession open;
        synchronized (sessionLock) {
            open = session;
            session = null;
        }
        if (open != null) {
            open.close();
        }
        onEnd.accept(this);
    }
}
