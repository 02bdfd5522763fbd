package dev.slipstream.schedule;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** The reader's end of a request that the scheduler's thread decodes. */
final class ScheduledStream implements TokenStream {
    /** What a request has come to. Times are of {@link System#nanoTime()}, or 0 before them. */
    record Progress(
            int generated, int runs, long started, long first, long latest, Statistics.Work work) {
        static final Progress NONE = new Progress(0, 0, 0, 0, 0, Statistics.Work.NONE);

        Progress endedAt(long time) {
            return new Progress(generated, runs, started, first, time, work);
        }
    }

    private final int promptTokens;
    private final long submitted;
    private final Runnable onCancel;
    private final Deque<TextChunk> chunks = new ArrayDeque<>();
    private @Nullable TextChunk ready;
    private @Nullable FinishReason finish;
    private @Nullable Throwable failure;
    private Progress progress = Progress.NONE;
    private boolean ended;
    private boolean cancelled;
    private boolean thrown;

    /**
     * Constructs a stream.
     *
     * @param onCancel asks the scheduler to end the request
     */
    ScheduledStream(int promptTokens, long submitted, Runnable onCancel) {
        this.promptTokens = promptTokens;
        this.submitted = submitted;
        this.onCancel = onCancel;
    }

    @Override
    public boolean hasNext() {
        synchronized (this) {
            try {
                while (ready == null && chunks.isEmpty() && !ended) {
                    wait();
                }
                return take();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        cancel();
        synchronized (this) {
            awaitEnd();
            return take();
        }
    }

    private boolean take() {
        if (ready == null) {
            ready = chunks.poll();
        }
        if (ready == null && failure != null) {
            throwFailure(failure);
        }
        return ready != null;
    }

    private void throwFailure(Throwable cause) {
        if (thrown) {
            throw new IllegalStateException(
                    "this text broke off with an error; start another stream", cause);
        }
        thrown = true;
        if (cause instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) cause;
    }

    @Override
    public TextChunk next() {
        if (hasNext()) {
            synchronized (this) {
                TextChunk chunk = ready;
                ready = null;
                if (chunk != null) {
                    return chunk;
                }
            }
        }
        throw new NoSuchElementException("the text has ended");
    }

    /** What was decoded ahead of the reader is dropped, but for a piece that was promised. */
    @Override
    public void cancel() {
        synchronized (this) {
            cancelled = true;
            if (finish != null && !chunks.isEmpty()) {
                finish = FinishReason.CANCELLED;
            }
            chunks.clear();
        }
        onCancel.run();
    }

    @Override
    public synchronized FinishReason finishReason() {
        if (finish == null) {
            throw new IllegalStateException("the text has not ended yet");
        }
        return finish;
    }

    @Override
    public synchronized Statistics statistics() {
        long now = ended ? Math.max(submitted, progress.latest) : System.nanoTime();
        return new Statistics(
                promptTokens,
                progress.generated,
                progress.runs,
                Duration.ofNanos((progress.started == 0 ? now : progress.started) - submitted),
                Duration.ofNanos(progress.first == 0 ? 0 : progress.first - submitted),
                Duration.ofNanos(now - submitted),
                progress.work);
    }

    /** Returns when the scheduler has freed what the request held: after one step at most. */
    @Override
    public void close() {
        cancel();
        synchronized (this) {
            awaitEnd();
            if (finish == null) {
                finish = FinishReason.CANCELLED;
            }
            failure = null;
            ready = null;
        }
    }

    private void awaitEnd() {
        boolean interrupted = false;
        while (!ended) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Tells how far the request is, and hands a piece of text over, if there is one. */
    synchronized void push(@Nullable TextChunk chunk, Progress now) {
        progress = now;
        if (chunk != null && !cancelled) {
            chunks.add(chunk);
            notifyAll();
        }
    }

    /** Ends the text; the request holds nothing any more. */
    synchronized void end(FinishReason reason, long latest) {
        finish = reason;
        end(latest);
    }

    /** Ends the text with an error; the request holds nothing any more. */
    synchronized void fail(Throwable cause, long latest) {
        failure = cause;
        end(latest);
    }

    private void end(long latest) {
        progress = progress.endedAt(latest);
        ended = true;
        notifyAll();
    }
}
