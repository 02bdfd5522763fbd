package dev.slipstream.schedule;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** A stream that waits for its place before its first run, and gives it back after its last. */
final class QueuedStream implements TokenStream {
    private final TokenStream stream;
    private final Admission.Ticket ticket;
    private final long submitted = System.nanoTime();
    private final @Nullable Duration deadline;
    private boolean waited;

    QueuedStream(TokenStream stream, Admission.Ticket ticket, @Nullable Duration deadline) {
        this.stream = stream;
        this.ticket = ticket;
        this.deadline = deadline;
    }

    @Override
    public boolean hasNext() {
        if (!waited) {
            waited = true;
            awaitPlace();
        }
        boolean more = false;
        try {
            more = stream.hasNext();
        } finally {
            if (!more) {
                ticket.leave();
            }
        }
        return more;
    }

    @Override
    public TextChunk next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the text has ended");
        }
        return stream.next();
    }

    @Override
    public void cancel() {
        stream.cancel();
        ticket.giveUp();
    }

    @Override
    public FinishReason finishReason() {
        return stream.finishReason();
    }

    @Override
    public Statistics statistics() {
        return stream.statistics();
    }

    @Override
    public void close() {
        try {
            stream.close();
        } finally {
            ticket.leave();
        }
    }

    /** Where the wait ends without a place, the stream is cancelled or late and will not run. */
    private void awaitPlace() {
        try {
            ticket.await(
                    deadline == null ? null : deadline.minusNanos(System.nanoTime() - submitted));
        } catch (InterruptedException e) {
            stream.cancel();
            Thread.currentThread().interrupt();
        }
    }
}
