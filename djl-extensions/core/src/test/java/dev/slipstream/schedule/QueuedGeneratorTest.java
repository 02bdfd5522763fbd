package dev.slipstream.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class QueuedGeneratorTest {
    private final ScriptedGenerator model = new ScriptedGenerator();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    void firstComeFirstServed() {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 8);
        List<TokenStream> streams = new ArrayList<>();
        for (String name : List.of("a", "b", "c", "d")) {
            streams.add(open(queue, name));
        }
        assertThat(queue.active()).isEqualTo(1);
        assertThat(queue.queued()).isEqualTo(3);
        for (TokenStream stream : streams) {
            drain(stream);
        }
        assertThat(model.ran).containsExactly("a", "b", "c", "d");
        assertThat(queue.active()).isZero();
        assertThat(queue.queued()).isZero();
    }

    @Test
    void theFirstThatWaitsGetsThePlaceWhoeverAsksFirst() throws Exception {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 8);
        TokenStream a = open(queue, "a");
        TokenStream b = open(queue, "b");
        TokenStream c = open(queue, "c");
        Future<FinishReason> late = threads.submit(() -> drain(c));
        drain(a);
        drain(b);
        assertThat(late.get()).isEqualTo(FinishReason.LENGTH);
        assertThat(model.ran).containsExactly("a", "b", "c");
    }

    @Test
    void placesAreCountedNotRequests() {
        QueuedGenerator queue = new QueuedGenerator(model, 2, 0);
        TokenStream a = open(queue, "a");
        TokenStream b = open(queue, "b");
        assertThat(a.hasNext()).isTrue();
        assertThat(b.hasNext()).isTrue();
        assertThatThrownBy(() -> open(queue, "c")).isInstanceOf(QueueFullException.class);
        assertThat(drain(a)).isEqualTo(FinishReason.LENGTH);
        assertThat(queue.active()).isEqualTo(1);
        assertThat(drain(open(queue, "d"))).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void aFullQueueRefusesNamesTheModelAndClosesTheStream() {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 1);
        open(queue, "a");
        open(queue, "b");
        QueueFullException full =
                catchThrowableOfType(QueueFullException.class, () -> open(queue, "c"));
        assertThat(full).hasMessageContainingAll("scripted", "1 requests wait", "try again in 1 s");
        assertThat(full.retryAfter()).isEqualTo(Duration.ofSeconds(1));
        assertThat(model.closed).containsExactly("c");
        assertThat(queue.queued()).isEqualTo(1);
    }

    @Test
    void anErrorGivesThePlaceBack() {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 1);
        TokenStream fails = open(queue, "fails");
        TokenStream next = open(queue, "next");
        assertThatThrownBy(fails::hasNext).isInstanceOf(IllegalStateException.class);
        assertThat(drain(next)).isEqualTo(FinishReason.LENGTH);
        fails.close();
        assertThat(queue.active()).isZero();
    }

    @Test
    void whatIsRefusedTakesNoPlace() {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 0);
        assertThatThrownBy(() -> open(queue, "refused"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(queue.active()).isZero();
    }

    @Test
    void closingGivesThePlaceBackOnce() {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 2);
        TokenStream a = open(queue, "a");
        TokenStream b = open(queue, "b");
        TokenStream c = open(queue, "c");
        a.close();
        a.close();
        assertThat(queue.active()).isEqualTo(1);
        assertThat(queue.queued()).isEqualTo(1);
        c.close();
        assertThat(queue.queued()).isZero();
        assertThat(drain(b)).isEqualTo(FinishReason.LENGTH);
        assertThat(model.ran).containsExactly("b");
        assertThat(queue.active()).isZero();
    }

    @Test
    void cancellingWhileWaitingFreesTheQueueAtOnceAndNeverRuns() throws Exception {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 1);
        TokenStream a = open(queue, "a");
        TokenStream b = open(queue, "b");
        Future<FinishReason> waiting = threads.submit(() -> drain(b));
        b.cancel();
        assertThat(queue.queued()).isZero();
        assertThat(waiting.get()).isEqualTo(FinishReason.CANCELLED);
        assertThat(drain(open(queue, "c"), a)).isEqualTo(FinishReason.LENGTH);
        assertThat(model.ran).containsExactly("a", "c");
    }

    @Test
    void cancellingWhileRunningKeepsThePlaceUntilTheRunHasEnded() {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 1);
        TokenStream a = open(queue, "a");
        assertThat(a.hasNext()).isTrue();
        a.next();
        a.cancel();
        assertThat(queue.active()).isEqualTo(1);
        assertThat(a.hasNext()).isFalse();
        assertThat(queue.active()).isZero();
    }

    @Test
    void closingFromAnotherThreadWakesAWaitingOne() throws Exception {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 1);
        open(queue, "a");
        TokenStream b = open(queue, "b");
        Future<Boolean> waiting = threads.submit(b::hasNext);
        b.close();
        assertThat(waiting.get()).isFalse();
        assertThat(queue.queued()).isZero();
        assertThat(model.ran).isEmpty();
    }

    @Test
    void aDeadlineThatPassesInTheQueueEndsTheText() {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 1);
        open(queue, "a");
        TokenStream late =
                queue.stream(
                        model.prompt("late"),
                        GenerationOptions.builder().deadline(Duration.ofNanos(1)).build());
        assertThat(drain(late)).isEqualTo(FinishReason.DEADLINE);
        assertThat(model.ran).isEmpty();
        assertThat(queue.queued()).isZero();
        assertThat(queue.active()).isEqualTo(1);
    }

    @Test
    void anInterruptedWaiterEndsCancelledAndStaysInterrupted() throws Exception {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 1);
        open(queue, "a");
        TokenStream b = open(queue, "b");
        Future<Boolean> interrupted =
                threads.submit(
                        () -> {
                            Thread.currentThread().interrupt();
                            assertThat(drain(b)).isEqualTo(FinishReason.CANCELLED);
                            return Thread.interrupted();
                        });
        assertThat(interrupted.get()).isTrue();
        assertThat(model.ran).isEmpty();
        assertThat(queue.queued()).isZero();
    }

    @Test
    void closingTheQueueEndsThoseThatWait() throws Exception {
        QueuedGenerator queue = new QueuedGenerator(model, 1, 2);
        open(queue, "a");
        TokenStream b = open(queue, "b");
        TokenStream c = open(queue, "c");
        Future<FinishReason> waiting = threads.submit(() -> drain(b));
        queue.close();
        assertThat(waiting.get()).isEqualTo(FinishReason.CANCELLED);
        assertThat(drain(c)).isEqualTo(FinishReason.CANCELLED);
        assertThat(model.ran).isEmpty();
    }

    @Test
    void wrongSizesAreRefused() {
        assertThatThrownBy(() -> new QueuedGenerator(model, 0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("found 0 and 1");
        assertThatThrownBy(() -> new QueuedGenerator(model, 1, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("found 1 and -1");
    }

    private TokenStream open(QueuedGenerator queue, String text) {
        return queue.stream(model.prompt(text), GenerationOptions.greedy());
    }

    private static FinishReason drain(TokenStream stream) {
        try (stream) {
            while (stream.hasNext()) {
                stream.next();
            }
            return stream.finishReason();
        }
    }

    /** Drains the earlier one first. */
    private static FinishReason drain(TokenStream stream, TokenStream earlier) {
        drain(earlier);
        return drain(stream);
    }
}
