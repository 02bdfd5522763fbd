package dev.slipstream.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests that fail, end early or are given up, beside others that must not notice. */
@Timeout(120)
class BatchFaultsTest {
    private static final GenerationOptions PLAIN =
            GenerationOptions.builder().maxTokens(60).ignoreEndOfText(true).seed(1L).build();

    private final ScriptedDrafting drafting = new ScriptedDrafting();
    private final StepLog log = new StepLog();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final BatchingGenerator batch =
            new BatchingGenerator(
                    BatchModels.open("stories260k", drafting.upTo(() -> 3)),
                    BatchOptions.defaults().withRequests(4, 4000),
                    log);

    @AfterEach
    void stop() {
        threads.shutdownNow();
        batch.close();
        assertThat(drafting.open).hasValue(0);
    }

    @ParameterizedTest
    @CsvSource({
        ScriptedDrafting.THROWS + ", java.lang.IllegalStateException, scripted: throws",
        ScriptedDrafting.ERROR + ", java.lang.StackOverflowError, scripted: error",
        ScriptedDrafting.UNKNOWN_TOKEN
                + ", java.lang.IllegalArgumentException, outside of the vocabulary",
        ScriptedDrafting.DOES_NOT_OPEN
                + ", java.lang.IllegalStateException, scripted: does not open",
        ScriptedDrafting.DOES_NOT_CLOSE
                + ", java.lang.IllegalStateException, scripted: does not close",
    })
    void anErrorEndsItsOwnRequestOnly(int fault, Class<? extends Throwable> type, String message) {
        Random random = new Random(fault);
        Prompt prompt = BatchModels.prompt("good", 10, 512, random);
        String expected = alone(prompt);
        log.hold();
        TokenStream before = batch.stream(prompt, PLAIN);
        TokenStream bad = batch.stream(prompt, ScriptedDrafting.with(fault, PLAIN));
        TokenStream after = batch.stream(prompt, PLAIN);
        log.release();
        StringBuilder text = new StringBuilder();
        assertThatThrownBy(
                        () -> {
                            while (bad.hasNext()) {
                                text.append(bad.next().text());
                            }
                        })
                .isInstanceOf(type)
                .hasMessageContaining(message);
        assertThat(expected).startsWith(text.toString());
        assertThat(text.isEmpty()).isEqualTo(fault == ScriptedDrafting.DOES_NOT_OPEN);
        assertThatThrownBy(bad::hasNext)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("start another stream")
                .hasCauseInstanceOf(type);
        assertThat(before.readAll().text()).isEqualTo(expected);
        assertThat(after.readAll().text()).isEqualTo(expected);
        bad.close();
        assertThat(bad.hasNext()).isFalse();
        assertFreed();
    }

    @Test
    void aSessionThatIsEndedFromOutsideIsLeftOut() {
        Prompt prompt = BatchModels.prompt("good", 10, 512, new Random(3));
        String expected = alone(prompt);
        log.hold();
        TokenStream before = batch.stream(prompt, PLAIN);
        TokenStream ended =
                batch.stream(prompt, ScriptedDrafting.with(ScriptedDrafting.TERMINATES, PLAIN));
        TokenStream after = batch.stream(prompt, PLAIN);
        log.release();
        assertThat(expected).startsWith(ended.readAll().text());
        assertThat(ended.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(before.readAll().text()).isEqualTo(expected);
        assertThat(after.readAll().text()).isEqualTo(expected);
        assertFreed();
    }

    @Test
    void aThousandStreamsThatAreGivenUpGiveEverythingBack() {
        long seed = new Random().nextLong();
        System.out.println("given up: seed " + seed);
        Random random = new Random(seed);
        List<TokenStream> streams = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            GenerationOptions.Builder options =
                    PLAIN.toBuilder().maxTokens(random.nextInt(20) == 0 ? 400 : 20);
            if (random.nextInt(5) == 0) {
                options.deadline(Duration.ofNanos(random.nextInt(5_000_000)));
            }
            if (random.nextInt(5) == 0) {
                options.minP((1 + random.nextInt(6)) / 100.0);
            }
            int length = 1 + random.nextInt(40);
            TokenStream stream =
                    batch.stream(BatchModels.prompt("r" + i, length, 512, random), options.build());
            streams.add(stream);
            while (streams.size() > 8 || i == 999 && !streams.isEmpty()) {
                giveUp(streams.remove(random.nextInt(streams.size())), random);
            }
        }
        assertFreed();
        assertThat(drafting.open).hasValue(0);
    }

    private static void giveUp(TokenStream stream, Random random) {
        try {
            for (int pieces = random.nextInt(4); pieces > 0 && stream.hasNext(); pieces--) {
                stream.next();
            }
            if (random.nextBoolean()) {
                stream.cancel();
                while (stream.hasNext()) {
                    stream.next();
                }
                assertThat(stream.finishReason()).isNotNull();
            }
        } catch (IllegalStateException | IllegalArgumentException | StackOverflowError e) {
            assertThat(e).hasMessageMatching(".*(scripted|vocabulary|another stream).*");
        }
        stream.close();
        assertThat(stream.hasNext()).isFalse();
        assertThat(stream.finishReason()).isNotNull();
    }

    @Test
    void streamsAreClosedAndCancelledByOtherThreadsWhileTheyAreRead() throws Exception {
        Random random = new Random(11);
        for (int trial = 0; trial < 100; trial++) {
            TokenStream stream =
                    batch.stream(
                            BatchModels.prompt("r", 3, 512, random),
                            PLAIN.toBuilder().maxTokens(400).build());
            CountDownLatch begun = new CountDownLatch(1);
            Future<?> reader = threads.submit(() -> read(stream, begun));
            if (trial % 3 > 0) {
                begun.await();
            }
            if (trial % 2 == 0) {
                stream.cancel();
            }
            stream.close();
            assertThat(stream.hasNext()).isFalse();
            reader.get();
            assertFreed();
        }
    }

    @Test
    void twoHundredCallersGetATextOrAreTurnedAway() throws Exception {
        BatchOptions narrow = BatchOptions.defaults().withRequests(2, 8);
        Prompt prompt = BatchModels.prompt("good", 10, 512, new Random(3));
        String expected = alone(prompt);
        try (BatchingGenerator generator =
                new BatchingGenerator(BatchModels.open("stories260k"), narrow)) {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                answers.add(
                        threads.submit(
                                () -> {
                                    start.await();
                                    try {
                                        return generator.generate(prompt, PLAIN).text();
                                    } catch (QueueFullException e) {
                                        return e.retryAfter().isNegative() ? "" : "full";
                                    }
                                }));
            }
            start.countDown();
            int texts = 0;
            for (Future<String> answer : answers) {
                assertThat(answer.get()).isIn("full", expected);
                texts += answer.get().equals(expected) ? 1 : 0;
            }
            assertThat(texts).isGreaterThanOrEqualTo(10);
            assertThat(generator.active()).isZero();
            assertThat(generator.queued()).isZero();
            assertThat(generator.keyValueBytes()).isZero();
        }
    }

    @Test
    void aGeneratorIsClosedWhileItsTextsAreRead() throws Exception {
        for (int trial = 0; trial < 10; trial++) {
            BatchingGenerator mortal =
                    new BatchingGenerator(
                            BatchModels.open("stories260k"),
                            BatchOptions.defaults().withRequests(2, 8));
            CountDownLatch begun = new CountDownLatch(2);
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                Prompt prompt = BatchModels.prompt("r", 3, 512, new Random(i));
                TokenStream stream =
                        mortal.stream(prompt, PLAIN.toBuilder().maxTokens(400).build());
                readers.add(threads.submit(() -> read(stream, begun)));
            }
            begun.await();
            mortal.close();
            for (Future<?> reader : readers) {
                reader.get();
            }
            assertThat(mortal.active() + mortal.queued()).isZero();
        }
    }

    /** A stream that is closed between hasNext and next has no piece left: only that may fail. */
    private static void read(TokenStream stream, CountDownLatch begun) {
        while (stream.hasNext()) {
            try {
                stream.next();
            } catch (NoSuchElementException closed) {
                assertThat(stream.hasNext()).isFalse();
            }
            begun.countDown();
        }
        begun.countDown();
    }

    private static String alone(Prompt prompt) {
        try (AutoregressiveGenerator generator = BatchModels.open("stories260k")) {
            return generator.generate(prompt, PLAIN).text();
        }
    }

    private void assertFreed() {
        assertThat(batch.active()).isZero();
        assertThat(batch.queued()).isZero();
        assertThat(batch.keyValueBytes()).isZero();
    }
}
