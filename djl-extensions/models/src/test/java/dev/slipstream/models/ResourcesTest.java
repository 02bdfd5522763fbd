package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.schedule.BatchingGenerator;
import dev.slipstream.schedule.QueueFullException;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Nothing grows: neither garbage by the token nor memory by the request. */
class ResourcesTest {
    @Test
    void aTokenCostsFewObjects() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (AutoregressiveGenerator generator =
                Models.open("storyteller-7m", LoadOptions.defaults())) {
            DecoderModel model = generator.model().decoder();
            try (DecoderSession session = model.newSession()) {
                int[] token = {291};
                for (int i = 0; i < 200; i++) {
                    session.forward(token, LogitRows.LAST);
                }
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 200; i++) {
                    session.forward(token, LogitRows.LAST);
                }
                long bytes = (threads.getCurrentThreadAllocatedBytes() - before) / 200;
                // The names and handles of 22 inputs and 17 outputs, in arrays for the native call;
                // one row of logits alone would be 16 KiB.
                assertThat(bytes).isLessThan(4096);
            }
        }
    }

    @Test
    void aThousandSessionsLeaveNothing() throws IOException {
        try (AutoregressiveGenerator generator =
                Models.open("stories260k", LoadOptions.defaults())) {
            DecoderModel model = generator.model().decoder();
            openAndClose(model, 200);
            long before = residentMegabytes();
            openAndClose(model, 1000);
            assertThat(residentMegabytes() - before).isLessThan(40);
        }
    }

    private static void openAndClose(DecoderModel model, int times) {
        for (int i = 0; i < times; i++) {
            try (DecoderSession session = model.newSession()) {
                session.forward(new int[] {1, 2, 3}, LogitRows.ALL);
                session.fork().close();
            }
        }
    }

    @Test
    @Tag("thorough")
    void ahundredModelsLeaveNothing() throws IOException {
        openModels(20);
        long before = residentMegabytes();
        openModels(100);
        assertThat(residentMegabytes() - before).isLessThan(100);
    }

    private static void openModels(int times) {
        for (int i = 0; i < times; i++) {
            try (AutoregressiveGenerator generator =
                    Models.open("babyllama105", LoadOptions.defaults())) {
                generator.generate(
                        generator.prompt("a"), GenerationOptions.builder().maxTokens(5).build());
            }
            System.gc();
        }
    }

    @Test
    void cancelledStreamsGiveTheirPlacesBack() {
        try (BatchingGenerator generator =
                Models.load("stories260k", LoadOptions.defaults().withRequests(1, 0))) {
            for (int i = 0; i < 1000; i++) {
                GenerationOptions endless =
                        GenerationOptions.builder().maxTokens(400).ignoreEndOfText(true).build();
                TokenStream stream = generator.stream(generator.prompt(""), endless);
                assertThat(stream.hasNext()).isTrue();
                stream.cancel();
                while (stream.hasNext()) {
                    stream.next();
                }
                assertThat(stream.finishReason()).isEqualTo(FinishReason.CANCELLED);
                if (i % 2 == 0) {
                    stream.close();
                }
            }
            assertThat(generator.active()).isZero();
            assertThat(generator.queued()).isZero();
        }
    }

    @Test
    void twoHundredCallersGetATextOrAreTurnedAway() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(200);
        try (BatchingGenerator generator =
                Models.load("stories260k", LoadOptions.defaults().withRequests(2, 8))) {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<String>> answers = new ArrayList<>();
            Callable<String> call =
                    () -> {
                        start.await();
                        try {
                            return generator
                                    .generate(
                                            generator.prompt("Once"),
                                            GenerationOptions.builder().maxTokens(50).build())
                                    .text();
                        } catch (QueueFullException e) {
                            return e.retryAfter().isNegative() ? "" : "full";
                        }
                    };
            for (int i = 0; i < 200; i++) {
                answers.add(callers.submit(call));
            }
            start.countDown();
            List<String> texts = new ArrayList<>();
            for (Future<String> answer : answers) {
                texts.add(answer.get());
            }
            assertThat(texts.stream().distinct().toList())
                    .hasSizeLessThanOrEqualTo(2)
                    .doesNotContain("");
            assertThat(texts).anyMatch(text -> text.startsWith(" upon a time"));
            assertThat(generator.active()).isZero();
            assertThat(generator.queued()).isZero();
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    @Tag("thorough")
    void aMillionTokensLeaveResidentMemoryFlat() throws IOException {
        try (BatchingGenerator generator = Models.load("stories260k")) {
            generate(generator, 100_000);
            long before = residentMegabytes();
            generate(generator, 1_000_000);
            long after = residentMegabytes();
            System.out.printf(
                    "a million tokens: %d MB resident before, %d MB after%n", before, after);
            assertThat(after - before).isLessThan(50);
        }
    }

    private static void generate(BatchingGenerator generator, int tokens) {
        int length = 0;
        for (int done = 0; done < tokens; length = (length + 37) % 450) {
            GenerationOptions options =
                    GenerationOptions.builder()
                            .maxTokens(20 + length)
                            .temperature(0.9)
                            .seed((long) done)
                            .ignoreEndOfText(true)
                            .build();
            done +=
                    generator
                            .generate(generator.prompt("One day"), options)
                            .statistics()
                            .generatedTokens();
        }
    }

    private static long residentMegabytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        Assumptions.assumeTrue(
                Files.exists(status), "resident memory is read from /proc/self/status: Linux only");
        System.gc();
        return Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmRSS"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElseThrow()
                / 1024;
    }
}
