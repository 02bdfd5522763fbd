package dev.slipstream.schedule;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A bounded number of places and of bytes, a bounded queue before them; first come, first served.
 * One that fits does not overtake one that does not fit yet.
 */
final class Admission {
    /** Weight of the newest request in the running mean of service times. */
    private static final double NEWEST = 0.2;

    private final String model;
    private final int maxActive;
    private final int maxQueued;
    private final long maxBytes;
    private final Deque<Ticket> waiting = new ArrayDeque<>();
    private int active;
    private long bytes;
    private double meanSeconds;

    Admission(String model, int maxActive, int maxQueued, long maxBytes) {
        if (maxActive < 1 || maxQueued < 0) {
            throw new IllegalArgumentException(
                    "expected maxActive of 1 or more and maxQueued of 0 or more, found %d and %d"
                            .formatted(maxActive, maxQueued));
        }
        this.model = model;
        this.maxActive = maxActive;
        this.maxQueued = maxQueued;
        this.maxBytes = maxBytes;
    }

    /** One request's claim to a place. */
    final class Ticket {
        private final CountDownLatch turn = new CountDownLatch(1);
        private final long size;
        private final Runnable onPlace;
        private long started;
        private boolean admitted;
        private boolean left;

        Ticket(long size, Runnable onPlace) {
            this.size = size;
            this.onPlace = onPlace;
        }

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

        /**
         * Ends the wait without a place; one that has its place keeps it until it leaves.
         *
         * @return whether this one will have no place
         */
        boolean giveUp() {
            synchronized (Admission.this) {
                if (!admitted) {
                    leave();
                }
                return !admitted;
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
                    bytes -= size;
                    double seconds = (System.nanoTime() - started) / 1e9;
                    meanSeconds =
                            meanSeconds == 0
                                    ? seconds
                                    : meanSeconds + NEWEST * (seconds - meanSeconds);
                } else {
                    waiting.remove(this);
                }
                admitWaiting();
            }
        }

        private void admit() {
            admitted = true;
            active++;
            bytes += size;
            started = System.nanoTime();
            turn.countDown();
            onPlace.run();
        }
    }

    /** Takes a place, or one in the queue, for a request that needs no bytes. */
    Ticket enter() {
        return enter(0, () -> {});
    }

    /**
     * Takes a place, or one in the queue.
     *
     * @param size bytes that the request needs, at most all that there are
     * @param onPlace called once it has its place: in here, or in the thread of one that leaves
     */
    synchronized Ticket enter(long size, Runnable onPlace) {
        Ticket ticket = new Ticket(size, onPlace);
        if (waiting.isEmpty() && fits(ticket)) {
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

    /** Returns the bytes of those that have a place. */
    synchronized long bytes() {
        return bytes;
    }

    private boolean fits(Ticket ticket) {
        return active < maxActive && ticket.size <= maxBytes - bytes;
    }

    private void admitWaiting() {
        while (!waiting.isEmpty() && fits(waiting.element())) {
            waiting.remove().admit();
        }
    }

    /** One place in the queue is free about when the next running request ends. */
    private Duration retryAfter() {
        long seconds = (long) Math.ceil(meanSeconds / maxActive);
        return Duration.ofSeconds(Math.max(1, Math.min(60, seconds)));
    }
}
