package dev.slipstream.spring.openai;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A response that is being written while the model works. While nothing is written, because the
 * request waits or the model reads the prompt, a timer writes a sign of life: it keeps proxies from
 * giving up, and is the only way to find out that the client is gone, since a servlet container
 * does not read from a connection while it answers.
 *
 * <p>Until {@link #close} the response belongs to this object alone: two threads write it, one at a
 * time.
 */
final class LiveResponse implements AutoCloseable {
    private final HttpServletResponse response;
    private final byte[] ping;
    private final Runnable onHangUp;
    private final ReentrantLock turn = new ReentrantLock();
    private final ScheduledFuture<?> timer;
    private boolean wroteSincePing;
    private boolean closed;
    private volatile boolean hungUp;

    /**
     * Takes over a response.
     *
     * @param response with status and headers set
     * @param ping bytes that mean nothing to the client
     * @param interval between two pings
     * @param timers runs the pings
     * @param onHangUp called once a write has failed
     */
    LiveResponse(
            HttpServletResponse response,
            byte[] ping,
            Duration interval,
            ScheduledExecutorService timers,
            Runnable onHangUp) {
        this.response = response;
        this.ping = ping;
        this.onHangUp = onHangUp;
        long nanos = interval.toNanos();
        this.timer = timers.scheduleAtFixedRate(this::ping, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    /** Tells whether the client is known to be gone. */
    boolean hungUp() {
        return hungUp;
    }

    /**
     * Sends bytes at once.
     *
     * @throws IOException if the client is gone
     */
    void write(byte[] bytes) throws IOException {
        turn.lock();
        try {
            wroteSincePing = true;
            send(bytes);
        } finally {
            turn.unlock();
        }
    }

    /** Gives the response back: no ping is written afterwards. */
    @Override
    public void close() {
        timer.cancel(false);
        turn.lock();
        try {
            closed = true;
        } finally {
            turn.unlock();
        }
    }

    private void ping() {
        // A writer that holds the lock is waiting for a slow client, which is sign enough.
        if (!turn.tryLock()) {
            return;
        }
        try {
            if (!closed && !hungUp && !wroteSincePing) {
                send(ping);
            }
            wroteSincePing = false;
        } catch (IOException e) {
            // Known from hungUp now; the thread that decodes ends with the cancelled text.
        } finally {
            turn.unlock();
        }
    }

    private void send(byte[] bytes) throws IOException {
        try {
            response.getOutputStream().write(bytes);
            response.flushBuffer();
        } catch (IOException e) {
            hungUp = true;
            onHangUp.run();
            throw e;
        }
    }
}
