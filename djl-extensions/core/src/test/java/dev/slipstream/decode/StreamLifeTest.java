package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams that are closed, or whose model is, at any moment and from any thread. */
@Timeout(120)
class StreamLifeTest {
    private static final String STORIES =
            "../models/src/main/resources/META-INF/slipstream/models/stories260k";

    private final AutoregressiveGenerator generator = open();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void close() {
        threads.shutdownNow();
        generator.close();
    }

    @Test
    void aStreamThatHasNotBegunEndsWithItsGenerator() {
        TokenStream stream = stream(generator);
        generator.close();
        assertThat(stream.hasNext()).isFalse();
        assertThat(stream.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(stream.statistics().graphRuns()).isZero();
    }

    @Test
    void aClosedGeneratorStartsNoStream() {
        Prompt prompt = generator.prompt("Once");
        generator.close();
        assertThatThrownBy(() -> generator.stream(prompt, GenerationOptions.greedy()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
        assertThatThrownBy(() -> generator.prompt("Once"))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aStreamThatBrokeOffDoesNotGoOnWithoutItsPrompt() {
        TokenStream stream = stream(generator);
        assertThat(stream.next().text()).isNotEmpty();
        generator.model().tokenizer().close();
        assertThatThrownBy(stream::hasNext).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(stream::hasNext)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("start another stream");
    }

    @Test
    void aStreamIsClosedByAnotherThreadWhileItDecodes() throws Exception {
        for (int trial = 0; trial < 100; trial++) {
            TokenStream stream = stream(generator);
            CountDownLatch begun = new CountDownLatch(1);
            Future<?> reader = threads.submit(() -> read(stream, begun));
            begun.await();
            stream.close();
            assertThat(stream.hasNext()).isFalse();
            reader.get();
            assertThat(stream.finishReason())
                    .isIn(FinishReason.CANCELLED, FinishReason.LENGTH, FinishReason.STOP_TOKEN);
        }
    }

    @Test
    void aGeneratorIsClosedWhileItsStreamsDecode() throws Exception {
        for (int trial = 0; trial < 20; trial++) {
            AutoregressiveGenerator mortal = open();
            List<TokenStream> streams =
                    IntStream.range(0, 3).mapToObj(i -> stream(mortal)).toList();
            CountDownLatch begun = new CountDownLatch(3);
            List<? extends Future<?>> readers =
                    streams.stream()
                            .map(stream -> threads.submit(() -> read(stream, begun)))
                            .toList();
            begun.await();
            mortal.close();
            for (Future<?> reader : readers) {
                reader.get();
            }
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
    }

    private static TokenStream stream(AutoregressiveGenerator generator) {
        return generator.stream(
                generator.prompt("Once upon a time"),
                GenerationOptions.builder().maxTokens(400).ignoreEndOfText(true).build());
    }

    private static AutoregressiveGenerator open() {
        return Models.open(STORIES, LoadOptions.defaults());
    }
}
