package dev.slipstream.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** Notes what each step runs, by prompt; may hold the scheduler before a step. */
final class StepLog implements Consumer<List<Share>> {
    /** One request's part of one step. */
    record Part(String prompt, int tokens, int unread) {}

    private final List<List<Part>> steps = new ArrayList<>();
    private final IntConsumer before;
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile CountDownLatch held = new CountDownLatch(1);

    StepLog() {
        this(step -> {});
    }

    /**
     * Constructs a log.
     *
     * @param before called in the scheduler's thread with the step's number
     */
    StepLog(IntConsumer before) {
        this.before = before;
    }

    /** Holds the scheduler before its next step. */
    StepLog hold() {
        held = new CountDownLatch(1);
        gate = new CountDownLatch(1);
        return this;
    }

    /** Returns once the scheduler stands before a step. */
    void awaitHeld() throws InterruptedException {
        held.await();
    }

    void release() {
        gate.countDown();
    }

    synchronized List<List<Part>> steps() {
        return List.copyOf(steps);
    }

    /** Returns the prompts that ran, by their first step. */
    List<String> ran() {
        return steps().stream().flatMap(List::stream).map(Part::prompt).distinct().toList();
    }

    @Override
    public void accept(List<Share> shares) {
        int step;
        synchronized (this) {
            step = steps.size();
            steps.add(
                    shares.stream()
                            .map(
                                    share ->
                                            new Part(
                                                    share.request().prompt().text(),
                                                    share.turn().length(),
                                                    share.request().unreadPrompt()))
                            .toList());
        }
        before.accept(step);
        held.countDown();
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
