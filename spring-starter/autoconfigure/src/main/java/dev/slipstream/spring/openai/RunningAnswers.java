package dev.slipstream.spring.openai;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;

/**
 * Ends the answers that the server's graceful shutdown did not wait for: between its end and that
 * of the web server. Each stream gets an error as its last event, where it would otherwise break
 * off with its connection, and no request is left when the models are closed.
 */
final class RunningAnswers implements SmartLifecycle {
    /**
     * Between the web server's two phases, {@code GRACEFUL_SHUTDOWN_PHASE} ({@code DEFAULT_PHASE -
     * 1024}) and {@code START_STOP_LIFECYCLE_PHASE} ({@code DEFAULT_PHASE - 2048}); later phases
     * stop first.
     */
    private static final int PHASE = DEFAULT_PHASE - 1536;

    private final Set<Choices> answers = new HashSet<>();
    private boolean stopped;
    private @Nullable Runnable whenEmpty;

    /**
     * Adds an answer before it is written.
     *
     * @throws ApiException if the server is shutting down
     */
    synchronized void add(Choices answer) {
        if (stopped) {
            throw ApiException.closing();
        }
        answers.add(answer);
    }

    /** Removes an answer that has been written. */
    void remove(Choices answer) {
        Runnable last = null;
        synchronized (this) {
            answers.remove(answer);
            if (answers.isEmpty()) {
                last = whenEmpty;
                whenEmpty = null;
            }
        }
        if (last != null) {
            last.run();
        }
    }

    @Override
    public synchronized void start() {
        stopped = false;
    }

    /** Ends all answers; returns before they have ended. */
    @Override
    public void stop() {
        stop(() -> {});
    }

    @Override
    public void stop(Runnable callback) {
        Set<Choices> left;
        synchronized (this) {
            stopped = true;
            left = Set.copyOf(answers);
            if (!left.isEmpty()) {
                whenEmpty = callback;
            }
        }
        if (left.isEmpty()) {
            callback.run();
        }
        left.forEach(Choices::cancel);
    }

    /** From the beginning, as the web server starts in an earlier phase. */
    @Override
    public synchronized boolean isRunning() {
        return !stopped;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}
