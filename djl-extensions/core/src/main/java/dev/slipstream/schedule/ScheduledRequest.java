package dev.slipstream.schedule;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextDecoder;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One request as the scheduler's thread sees it: its session, its decoder, how far it is. Only
 * {@link #cancel()}, {@link #over()} and what never changes are for other threads too.
 */
final class ScheduledRequest {
    private final Prompt prompt;
    private final GenerationOptions options;
    private final ScheduledStream stream;
    private final long submitted = System.nanoTime();
    private volatile boolean cancelled;
    private Admission.@Nullable Ticket ticket;
    private @Nullable DecoderSession session;
    private @Nullable TextDecoder decoder;
    private double pace;
    private int lengthBefore;
    private int generated;
    private int runs;
    private long started;
    private long first;
    private long latest;
    private Statistics.Work work = Statistics.Work.NONE;

    ScheduledRequest(Prompt prompt, GenerationOptions options, Scheduler scheduler) {
        this.prompt = prompt;
        this.options = options;
        stream = new ScheduledStream(prompt.length(), submitted, () -> scheduler.cancel(this));
    }

    Prompt prompt() {
        return prompt;
    }

    GenerationOptions options() {
        return options;
    }

    ScheduledStream stream() {
        return stream;
    }

    /** Returns the request's claim to a place; the scheduler's lock guards it. */
    Admission.@Nullable Ticket ticket() {
        return ticket;
    }

    void ticket(Admission.Ticket value) {
        ticket = value;
    }

    void cancel() {
        cancelled = true;
    }

    /** Returns why the text must end now, whatever it has come to; null if it may go on. */
    @Nullable FinishReason over() {
        if (cancelled) {
            return FinishReason.CANCELLED;
        }
        Duration deadline = options.deadline();
        return deadline != null && System.nanoTime() - submitted >= deadline.toNanos()
                ? FinishReason.DEADLINE
                : null;
    }

    void open(RequestOpener opener) {
        DecoderSession opened = opener.session(prompt, options);
        session = opened;
        decoder = opener.decoder(prompt, options, opened);
    }

    /** Returns the tokens of the prompt that are to be read. */
    int unreadPrompt() {
        return decoder().unreadPrompt();
    }

    /** Returns how far the prompt is read for its weight, from the level at which it joined. */
    double pace() {
        return pace;
    }

    void pace(double value) {
        pace = value;
    }

    Turn next(int most, int otherRows) {
        lengthBefore = session().length();
        int unread = unreadPrompt();
        Turn turn = decoder().next(most, otherRows);
        if (unread > 0) {
            pace += turn.length() / options.weight();
        }
        return turn;
    }

    void running() {
        started = started == 0 ? System.nanoTime() : started;
    }

    /** Ends a run that goes on now, which must be this request's alone. */
    void terminate() {
        session().terminate();
    }

    /** Runs a turn of a shared run that failed again, alone. */
    Logits runAlone(Turn turn) {
        session().rollback(lengthBefore);
        return turn.session().model().forward(turn);
    }

    /**
     * Takes the logits of a turn and hands text over.
     *
     * @return why the text ended; null if it goes on
     */
    @Nullable FinishReason take(Logits logits, long nanos) {
        TextDecoder open = decoder();
        open.take(logits, nanos);
        if (open.generated() > generated) {
            latest = System.nanoTime();
            first = generated == 0 ? latest : first;
            generated = open.generated();
        }
        push();
        return open.finishReason();
    }

    private void push() {
        TextDecoder open = decoder();
        work = open.work();
        runs = session().runs();
        stream.push(
                open.poll(),
                new ScheduledStream.Progress(generated, runs, started, first, latest, work));
    }

    /**
     * Ends the text: hands over what was held back of it, frees what the request holds.
     *
     * @param release gives the request's place back, before its reader learns of the end
     */
    void finish(FinishReason reason, Runnable release) {
        FinishReason end = reason;
        try {
            if (decoder != null) {
                decoder.end(reason);
                end = Objects.requireNonNull(decoder.finishReason());
                push();
            }
        } catch (RuntimeException | Error e) {
            fail(e, release);
            return;
        }
        Throwable failure = free();
        release.run();
        long last = Math.max(latest, System.nanoTime());
        if (failure == null) {
            stream.end(end, last);
        } else {
            stream.fail(failure, last);
        }
    }

    /**
     * Ends the text with an error, and frees what the request holds.
     *
     * @param release gives the request's place back, before its reader learns of the end
     */
    void fail(Throwable cause, Runnable release) {
        Throwable second = free();
        if (second != null && second != cause) {
            cause.addSuppressed(second);
        }
        release.run();
        stream.fail(cause, System.nanoTime());
    }

    /** Closes drafter and session, once; returns what went wrong with that. */
    private @Nullable Throwable free() {
        TextDecoder open = decoder;
        decoder = null;
        DecoderSession held = session;
        session = null;
        try (held;
                open) {
            return null;
        } catch (RuntimeException | Error e) {
            return e;
        }
    }

    private TextDecoder decoder() {
        return Objects.requireNonNull(decoder);
    }

    private DecoderSession session() {
        return Objects.requireNonNull(session);
    }
}
