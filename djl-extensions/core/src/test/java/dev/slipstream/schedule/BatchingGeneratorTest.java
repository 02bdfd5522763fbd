package dev.slipstream.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.PromptTooLongException;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Admission, cancelling, closing and memory, with a scheduler that is held where it matters. */
@Timeout(60)
class BatchingGeneratorTest {
    private static final GenerationOptions ENDLESS =
            GenerationOptions.builder().maxTokens(200).ignoreEndOfText(true).build();

    private final StepLog log = new StepLog();
    private final Random random = new Random(5);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private BatchingGenerator batch;

    @AfterEach
    void stop() {
        log.release();
        threads.shutdownNow();
        batch.close();
    }

    @Test
    void firstComeFirstServed() {
        open(1, 8);
        log.hold();
        List<TokenStream> streams = new ArrayList<>();
        for (String name : List.of("a", "b", "c", "d")) {
            streams.add(stream(name));
        }
        assertThat(batch.active()).isEqualTo(1);
        assertThat(batch.queued()).isEqualTo(3);
        log.release();
        // Whoever reads first: it is the scheduler that runs them.
        assertThat(drain(streams.get(3))).isEqualTo(FinishReason.LENGTH);
        streams.subList(0, 3).forEach(BatchingGeneratorTest::drain);
        assertThat(log.ran()).containsExactly("a", "b", "c", "d");
        assertFreed();
    }

    @Test
    void requestsThatRunAtOnceShareSteps() {
        open(3, 8);
        log.hold();
        List<TokenStream> streams = List.of(stream("a"), stream("b"), stream("c"), stream("d"));
        log.release();
        streams.forEach(BatchingGeneratorTest::drain);
        assertThat(log.steps()).anySatisfy(step -> assertThat(step).hasSize(3));
        assertThat(log.steps()).allSatisfy(step -> assertThat(step).hasSizeLessThan(4));
    }

    @Test
    void aFullQueueRefusesAndNamesTheModel() {
        open(1, 1);
        log.hold();
        stream("a");
        stream("b");
        QueueFullException full = catchThrowableOfType(QueueFullException.class, () -> stream("c"));
        assertThat(full).hasMessageContainingAll("stories260k", "1 requests wait", "in 1 s");
        assertThat(full.retryAfter()).isEqualTo(Duration.ofSeconds(1));
        assertThat(batch.queued()).isEqualTo(1);
    }

    @Test
    void whatIsRefusedTakesNoPlace() {
        open(1, 0);
        Prompt prompt = prompt("a", 600);
        assertThatThrownBy(() -> batch.stream(prompt, ENDLESS))
                .isInstanceOf(PromptTooLongException.class);
        GenerationOptions bias = GenerationOptions.builder().logitBias(Map.of(512, 1.0)).build();
        assertThatThrownBy(() -> batch.stream(prompt("a", 1), bias))
                .isInstanceOf(InvalidOptionException.class);
        assertFreed();
    }

    @Test
    void noTokensNeedNoPlace() {
        open(1, 0);
        log.hold();
        stream("a");
        GenerationOptions none = GenerationOptions.builder().maxTokens(0).build();
        TokenStream empty = batch.stream(prompt("empty", 3), none);
        empty.cancel();
        assertThat(drain(empty)).isEqualTo(FinishReason.LENGTH);
        assertThat(empty.statistics().graphRuns()).isZero();
        assertThat(empty.statistics().promptTokens()).isEqualTo(3);
    }

    @Test
    void cancellingWhileWaitingFreesTheQueueAtOnceAndNeverRuns() throws Exception {
        open(1, 1);
        log.hold();
        TokenStream a = stream("a");
        TokenStream b = stream("b");
        Future<FinishReason> waiting = threads.submit(() -> drain(b));
        b.cancel();
        assertThat(batch.queued()).isZero();
        assertThat(waiting.get()).isEqualTo(FinishReason.CANCELLED);
        TokenStream c = stream("c");
        log.release();
        assertThat(drain(c)).isEqualTo(FinishReason.LENGTH);
        assertThat(drain(a)).isEqualTo(FinishReason.LENGTH);
        assertThat(log.ran()).containsExactly("a", "c");
        assertThat(b.statistics().graphRuns()).isZero();
        assertFreed();
    }

    @Test
    void cancellingWhileRunningKeepsThePlaceUntilTheStepHasEnded() throws Exception {
        open(1, 1);
        log.hold();
        TokenStream a = stream("a");
        log.awaitHeld();
        a.cancel();
        assertThat(batch.active()).isEqualTo(1);
        assertThatThrownBy(a::finishReason).isInstanceOf(IllegalStateException.class);
        log.release();
        assertThat(a.hasNext()).isFalse();
        assertThat(a.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertFreed();
    }

    @Test
    void aCancelledTextEndsWhereItsReaderIs() {
        open(1, 1);
        TokenStream a = stream("a");
        assertThat(a.hasNext()).isTrue();
        drain(stream("b"));
        // All of a is decoded now.
        a.cancel();
        a.next();
        assertThat(a.hasNext()).isFalse();
        assertThat(a.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThatThrownBy(a::next).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void aTextThatNobodyReadsHoldsNobodyUp() {
        open(2, 8);
        TokenStream unread = stream("unread");
        for (int i = 0; i < 5; i++) {
            assertThat(drain(stream("other " + i))).isEqualTo(FinishReason.LENGTH);
        }
        assertThat(unread.readAll().tokens()).hasSize(200);
        assertFreed();
    }

    @Test
    void closingFromAnotherThreadWakesAWaitingOne() throws Exception {
        open(1, 1);
        log.hold();
        stream("a");
        TokenStream b = stream("b");
        Future<Boolean> waiting = threads.submit(b::hasNext);
        b.close();
        assertThat(waiting.get()).isFalse();
        assertThat(batch.queued()).isZero();
        assertThat(log.ran()).doesNotContain("b");
    }

    @Test
    void closingGivesThePlaceBackOnce() {
        open(1, 2);
        TokenStream a = stream("a");
        TokenStream b = stream("b");
        TokenStream c = stream("c");
        c.close();
        a.close();
        a.close();
        assertThat(a.hasNext()).isFalse();
        assertThat(a.finishReason()).isIn(FinishReason.CANCELLED, FinishReason.LENGTH);
        assertThat(drain(b)).isEqualTo(FinishReason.LENGTH);
        assertFreed();
    }

    @Test
    void aDeadlineThatPassesInTheQueueEndsTheText() {
        open(1, 1);
        log.hold();
        TokenStream a = stream("a");
        TokenStream late =
                batch.stream(
                        prompt("late", 3),
                        ENDLESS.toBuilder().deadline(Duration.ofNanos(1)).build());
        log.release();
        assertThat(drain(late)).isEqualTo(FinishReason.DEADLINE);
        assertThat(late.statistics().graphRuns()).isZero();
        assertThat(drain(a)).isEqualTo(FinishReason.LENGTH);
        assertThat(log.ran()).containsExactly("a");
        assertFreed();
    }

    @Test
    void anInterruptedReaderEndsCancelledAndStaysInterrupted() throws Exception {
        open(1, 1);
        log.hold();
        stream("a");
        TokenStream b = stream("b");
        Future<Boolean> interrupted =
                threads.submit(
                        () -> {
                            Thread.currentThread().interrupt();
                            assertThat(drain(b)).isEqualTo(FinishReason.CANCELLED);
                            return Thread.interrupted();
                        });
        assertThat(interrupted.get()).isTrue();
        assertThat(batch.queued()).isZero();
        assertThat(log.ran()).doesNotContain("b");
    }

    @Test
    void closingTheGeneratorEndsAllTextsAndItsThread() throws Exception {
        open(2, 8);
        log.hold();
        List<TokenStream> streams = List.of(stream("a"), stream("b"), stream("c"), stream("d"));
        List<Future<FinishReason>> readers = new ArrayList<>();
        for (TokenStream stream : streams) {
            readers.add(threads.submit(() -> drain(stream)));
        }
        assertThat(threadNames()).contains("slipstream-stories260k");
        Future<?> closing = threads.submit(batch::close);
        // Those that wait end at once, those that run after their step.
        assertThat(readers.get(2).get()).isEqualTo(FinishReason.CANCELLED);
        assertThat(readers.get(3).get()).isEqualTo(FinishReason.CANCELLED);
        log.release();
        assertThat(readers.get(0).get()).isEqualTo(FinishReason.CANCELLED);
        assertThat(readers.get(1).get()).isEqualTo(FinishReason.CANCELLED);
        closing.get();
        assertThat(threadNames()).doesNotContain("slipstream-stories260k");
        assertThat(log.ran()).doesNotContain("c", "d");
        assertFreed();
        Prompt prompt = prompt("e", 1);
        assertThatThrownBy(() -> batch.stream(prompt, ENDLESS))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
    }

    @Test
    void memoryIsSetAsideAndWaitedForInOrder() {
        long one = sessionBytes(201);
        open(BatchOptions.defaults().withRequests(8, 8).withKeyValueBytes(2 * one));
        log.hold();
        List<TokenStream> streams = List.of(stream("a"), stream("b"), stream("c"), stream("d"));
        assertThat(batch.active()).isEqualTo(2);
        assertThat(batch.queued()).isEqualTo(2);
        assertThat(batch.keyValueBytes()).isEqualTo(2 * one);
        log.release();
        streams.forEach(BatchingGeneratorTest::drain);
        assertThat(log.steps()).allSatisfy(step -> assertThat(step).hasSizeLessThan(3));
        assertThat(log.ran()).containsExactly("a", "b", "c", "d");
        assertFreed();
    }

    @Test
    void whatNeverFitsIntoMemoryIsRefusedAtOnce() {
        long small = sessionBytes(200);
        open(BatchOptions.defaults().withKeyValueBytes(small));
        GenerationOptions long500 = GenerationOptions.builder().maxTokens(500).build();
        assertThatThrownBy(() -> batch.stream(prompt("a", 3), long500))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(
                        "maxTokens", "prompt of 3 tokens and 500 more", "may take " + small);
        assertThat(drain(stream("b"))).isEqualTo(FinishReason.LENGTH);
        assertFreed();
    }

    private long sessionBytes(int capacity) {
        open(1, 1);
        long bytes;
        try (BatchingGenerator probe = batch) {
            log.hold();
            TokenStream stream =
                    probe.stream(
                            prompt("probe", 1),
                            GenerationOptions.builder().maxTokens(capacity - 1).build());
            bytes = probe.keyValueBytes();
            stream.cancel();
            log.release();
        }
        return bytes;
    }

    private void open(int maxActive, int maxQueued) {
        open(BatchOptions.defaults().withRequests(maxActive, maxQueued));
    }

    private void open(BatchOptions options) {
        batch = new BatchingGenerator(BatchModels.open("stories260k"), options, null, log);
    }

    private TokenStream stream(String name) {
        return batch.stream(prompt(name, 1), ENDLESS);
    }

    private Prompt prompt(String name, int length) {
        return BatchModels.prompt(name, length, 512, random);
    }

    private void assertFreed() {
        assertThat(batch.active()).isZero();
        assertThat(batch.queued()).isZero();
        assertThat(batch.keyValueBytes()).isZero();
    }

    private static List<String> threadNames() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
    }

    private static FinishReason drain(TokenStream stream) {
        try (stream) {
            while (stream.hasNext()) {
                stream.next();
            }
            return stream.finishReason();
        }
    }
}
