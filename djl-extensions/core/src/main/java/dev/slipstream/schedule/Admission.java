package dev.slipstream.schedule;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A bounded number of places, a bounded queue before them; first come, first served. */
final class Admission {
    /** Weight of the newest request in the running mean of service times. */
    private static final double NEWEST = 0.2;

    private final String model;
    private final int maxActive;
    private final int maxQueued;
    private final Deque<Ticket> waiting = new ArrayDeque<>();
    private int active;
    private double meanSeconds;

    Admission(String model, int maxActive, int maxQueued) {
        if (maxActive < 1 || maxQueued < 0) {
            throw new IllegalArgumentException(
                    "expected maxActive of 1 or more and maxQueued of 0 or more, found %d and %d"
                            .formatted(maxActive, maxQueued));
        }
        this.model = model;
        this.maxActive = maxActive;
        this.maxQueued = maxQueued;
    }

    /** One request's claim to a place. */
    final class Ticket {
        private final CountDownLatch turn = new CountDownLatch(1);
        private long started;
        private boolean admitted;
        private boolean left;

        /**
         * Waits for the place, or until {@link #giveUp()} is called, or the time is over.
         *
         * @param limit the longest wait; null waits for ever
         */
        void await(@Nullable Duration limit) throws InterruptedException {
            if (limit == null) {
                turn.await();
            } else {
                turn.await(limit.toNanos(), TimeUnit.NANOSECONDS);
            }
        }

        /** Ends the wait without a place; one that has its place keeps it until it leaves. */
        void giveUp() {
            synchronized (Admission.this) {
                if (!admitted) {
                    leave();
                }
            }
        }

        /** Gives the place, or the claim to it, to the next; may be called twice. */
        void leave() {
            synchronized (Admission.this) {
                if (left) {
                    return;
                }
                left = true;
                turn.countDown();
                if (admitted) {
                    active--;
                    double seconds = (System.nanoTime() - started) / 1e9;
                    meanSeconds =
                            meanSeconds == 0
                                    ? seconds
                                    : meanSeconds + NEWEST * (seconds - meanSeconds);
                    admitWaiting();
                } else {
                    waiting.remove(this);
                }
            }
        }

        private void admit() {
            admitted = true;
            active++;
            started = System.nanoTime();
            turn.countDown();
        }
    }

    synchronized Ticket enter() {
        Ticket ticket = new Ticket();
        if (active < maxActive) {
            ticket.admit();
        } else if (waiting.size() < maxQueued) {
            waiting.add(ticket);
        } else {
            throw new QueueFullException(model, waiting.size(), retryAfter());
        }
        return ticket;
    }

    /** Ends the wait of all that wait now. */
    synchronized void giveUpAll() {
        List.copyOf(waiting).forEach(Ticket::giveUp);
    }

    synchronized int active() {
        return active;
    }

    synchronized int queued() {
        return waiting.size();
    }

    private void admitWaiting() {
        while (active < maxActive && !waiting.isEmpty()) {
            waiting.remove().admit();
        }
    }

    /** One place in the queue is free about when the next running request ends. */
    private Duration retryAfter() {
        long seconds = (long) Math.ceil(meanSeconds / maxActive);
        return Duration.ofSeconds(Math.max(1, Math.min(60, seconds)));
    }
}
