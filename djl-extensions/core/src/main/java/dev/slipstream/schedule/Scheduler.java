package dev.slipstream.schedule;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The loop that runs all requests of one model, in a thread of its own. Locks are taken in one
 * order: this object's, then the admission's; a stream's is never held together with them.
 */
final class Scheduler implements AutoCloseable {
    private final RequestOpener opener;
    private final Admission admission;
    private final StepPlan plan;
    private final Consumer<List<Share>> onStep;
    private final List<ScheduledRequest> running = new ArrayList<>();

    /** What has not ended. Like all below, guarded by this object's lock. */
    private final Set<ScheduledRequest> open = new LinkedHashSet<>();

    private final Deque<ScheduledRequest> joining = new ArrayDeque<>();

    /** Has the run that goes on now to itself, so that the run may be ended with it. */
    private @Nullable ScheduledRequest alone;

    private @Nullable Thread thread;
    private boolean closed;

    /**
     * Constructs a scheduler.
     *
     * @param prefillChunk tokens of prompts a step
     * @param onStep called in the scheduler's thread before each run
     */
    Scheduler(
            RequestOpener opener,
            Admission admission,
            int prefillChunk,
            Consumer<List<Share>> onStep) {
        this.opener = opener;
        this.admission = admission;
        this.plan = new StepPlan(prefillChunk);
        this.onStep = onStep;
    }

    /** Takes a request in, or refuses it because the queue is full. */
    void submit(ScheduledRequest request, long bytes) {
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException(opener.model().name() + " is closed");
            }
            if (request.options().maxTokens() > 0) {
                start();
                request.ticket(admission.enter(bytes, () -> join(request)));
                open.add(request);
                return;
            }
        }
        request.finish(FinishReason.LENGTH, () -> {});
    }

    private void start() {
        if (thread == null) {
            Thread started = new Thread(this::loop, "slipstream-" + opener.model().name());
            started.setDaemon(true);
            started.start();
            thread = started;
        }
    }

    /** Called with this object's lock: all that moves places holds it. */
    private void join(ScheduledRequest request) {
        joining.add(request);
        notifyAll();
    }

    /** Ends a request: at once if it waits, after the step that goes on now if it runs. */
    void cancel(ScheduledRequest request) {
        synchronized (this) {
            request.cancel();
            if (request == alone) {
                request.terminate();
            }
        }
        endIfWaiting(request, FinishReason.CANCELLED);
    }

    private void endIfWaiting(ScheduledRequest request, FinishReason reason) {
        synchronized (this) {
            Admission.Ticket ticket = request.ticket();
            if (ticket == null || !open.contains(request) || !ticket.giveUp()) {
                return;
            }
            open.remove(request);
            notifyAll();
        }
        request.finish(reason, () -> {});
    }

    private void loop() {
        while (awaitWork()) {
            try {
                step();
            } catch (RuntimeException | Error e) {
                // Of no request in particular; their readers must not wait for ever.
                List.copyOf(running).forEach(request -> fail(request, e));
            }
        }
    }

    /** Waits until there is something to run; returns false if there never will be. */
    private synchronized boolean awaitWork() {
        while (joining.isEmpty() && running.isEmpty() && !(closed && open.isEmpty())) {
            try {
                wait();
            } catch (InterruptedException e) {
                // Nobody but close ends this thread.
            }
        }
        return !joining.isEmpty() || !running.isEmpty();
    }

    private void step() {
        endLate();
        letJoin();
        List<Share> shares = plan.next(running, this::fail);
        if (!shares.isEmpty()) {
            onStep.accept(shares);
            run(shares);
        }
    }

    /** Ends what was cancelled or is past its deadline, also in the queue. */
    private void endLate() {
        List<ScheduledRequest> waiting;
        synchronized (this) {
            waiting = new ArrayList<>(open);
        }
        waiting.removeAll(running);
        for (ScheduledRequest request : waiting) {
            FinishReason over = request.over();
            if (over != null) {
                endIfWaiting(request, over);
            }
        }
        for (ScheduledRequest request : List.copyOf(running)) {
            FinishReason over = request.over();
            if (over != null) {
                finish(request, over);
            }
        }
    }

    private void letJoin() {
        for (ScheduledRequest request = joined(); request != null; request = joined()) {
            FinishReason over = request.over();
            if (over != null) {
                finish(request, over);
                continue;
            }
            try {
                request.open(opener);
                plan.join(request);
                running.add(request);
            } catch (RuntimeException | Error e) {
                fail(request, e);
            }
        }
    }

    private synchronized @Nullable ScheduledRequest joined() {
        return joining.poll();
    }

    private void run(List<Share> shares) {
        shares.forEach(share -> share.request().running());
        List<Turn> turns = shares.stream().map(Share::turn).toList();
        List<Logits> logits = List.of();
        Throwable failure = null;
        long start = System.nanoTime();
        try {
            own(shares.size() == 1 ? shares.get(0).request() : null);
            logits = opener.decoder().forward(turns, Depth.FULL);
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        own(null);
        if (failure != null) {
            runOneByOne(shares, failure);
            return;
        }
        long nanos = System.nanoTime() - start;
        for (int i = 0; i < shares.size(); i++) {
            verify(shares.get(i), logits.get(i), nanos);
        }
    }

    /** Finds the request that is to blame for a failed run: the others' parts succeed alone. */
    private void runOneByOne(List<Share> shares, Throwable failure) {
        if (shares.size() == 1) {
            fail(shares.get(0).request(), failure);
            return;
        }
        for (Share share : shares) {
            long start = System.nanoTime();
            Logits logits;
            try {
                logits = share.request().runAlone(share.turn());
            } catch (RuntimeException | Error e) {
                fail(share.request(), e);
                continue;
            }
            verify(share, logits, System.nanoTime() - start);
        }
    }

    private synchronized void own(@Nullable ScheduledRequest owner) {
        alone = owner;
        if (owner != null && owner.over() != null) {
            owner.terminate();
        }
    }

    private void verify(Share share, Logits logits, long nanos) {
        ScheduledRequest request = share.request();
        try {
            FinishReason finish = request.take(logits, nanos);
            if (finish != null) {
                finish(request, finish);
            }
        } catch (RuntimeException | Error e) {
            fail(request, e);
        }
    }

    private void finish(ScheduledRequest request, FinishReason reason) {
        running.remove(request);
        request.finish(reason, () -> release(request));
    }

    private void fail(ScheduledRequest request, Throwable cause) {
        if (cause instanceof CancellationException) {
            // Ended from outside, in the run or in the drafter's.
            FinishReason over = request.over();
            finish(request, over == null ? FinishReason.CANCELLED : over);
            return;
        }
        running.remove(request);
        request.fail(cause, () -> release(request));
    }

    private synchronized void release(ScheduledRequest request) {
        open.remove(request);
        Admission.Ticket ticket = request.ticket();
        if (ticket != null) {
            ticket.leave();
        }
    }

    /** Cancels all requests and returns when none runs, and the thread has ended. */
    @Override
    public void close() {
        List<ScheduledRequest> rest;
        Thread last;
        synchronized (this) {
            closed = true;
            rest = List.copyOf(open);
            last = thread;
            notifyAll();
        }
        rest.forEach(request -> request.stream().cancel());
        if (last != null) {
            awaitEnd(last);
        }
    }

    private static void awaitEnd(Thread last) {
        boolean interrupted = false;
        while (true) {
            try {
                last.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
