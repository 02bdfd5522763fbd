package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.graph.ElementType;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How much native memory sessions take, and that their buffers are large enough. */
@Timeout(120)
class SessionMemoryTest {
    private static final int VOCABULARY = 150_000;
    private static final int CONTEXT = 600;

    @TempDir Path directory;

    @Test
    void runsOfAllSizesTakeTheLogitsOfTheLargest() {
        int[] tokens = new int[40];
        for (ElementType type : List.of(ElementType.FLOAT, ElementType.FLOAT16)) {
            try (DecoderModel model =
                            DecoderModel.open(
                                    GrowingDecoder.graph(VOCABULARY, type, false),
                                    40,
                                    RuntimeOptions.defaults());
                    DecoderSession session = model.newSession()) {
                long before = directBytes();
                for (int count = 32; count >= 1; count--) {
                    session.forward(tokens, 0, count, LogitRows.ALL);
                    session.rollback(0);
                }
                long rows = 32L * VOCABULARY * (type == ElementType.FLOAT ? 4 : 2 + 4);
                assertThat(directBytes() - before).as("%s", type).isLessThan(rows + (1 << 20));
            }
        }
    }

    @Test
    void sessionsOfManySizesTakeTheMemoryOfThoseThatAreOpen() {
        churn(60);
    }

    @Test
    @Tag("thorough")
    void manySessionsOfManySizesTakeTheMemoryOfThoseThatAreOpen() {
        churn(5000);
    }

    private static void churn(int rounds) {
        // Later ones free by the garbage collector, at times of its own.
        assumeTrue(Runtime.version().feature() < 24, "this Java frees no buffer at once");
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int most = 500_000;
        RuntimeOptions options = new RuntimeOptions(1, Spinning.OFF, 2);
        try (DecoderModel model =
                DecoderModel.open(
                        GrowingDecoder.graph(7, ElementType.FLOAT, false), most, options)) {
            long before = directBytes();
            for (int i = 0; i < rounds; i++) {
                try (DecoderSession session = model.newSession(1 + random.nextInt(most))) {
                    session.forward(new int[] {3, 1}, LogitRows.LAST);
                    assertThat(directBytes() - before)
                            .as("session %d, seed %d", i, seed)
                            .isLessThan(3 * model.sessionBytes(most) + (1 << 20));
                }
            }
        }
    }

    @Test
    void aKeptBufferHasRoomForTheTwinOfTheLastToken() throws IOException {
        Path files =
                new RandomModel("LlamaForCausalLM", 5)
                        .with("max_position_embeddings", Integer.toString(CONTEXT))
                        .write(directory);
        try (DecoderModel model = open(files)) {
            Random random = new Random(5);
            int[] tokens = random.ints(CONTEXT, 0, model.vocabularySize()).toArray();
            for (int capacity : new int[] {200, 257, 500, 513}) {
                float[] expected;
                try (DecoderModel other = open(files);
                        DecoderSession whole = other.newSession()) {
                    expected = last(whole.forward(tokens, 0, capacity, LogitRows.LAST));
                }
                // The buffers of the one before were too small by a row: none may be taken for it.
                try (DecoderSession session = model.newSession(capacity)) {
                    session.forward(tokens, 0, capacity - 1, LogitRows.LAST);
                    float[] found =
                            last(session.forward(tokens, capacity - 1, capacity, LogitRows.LAST));
                    assertThat(found).as("capacity %d", capacity).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void aSessionIsForkedWhileItsModelIsClosed() throws Exception {
        var thread = Executors.newSingleThreadExecutor();
        try {
            for (int trial = 0; trial < 20; trial++) {
                DecoderModel model =
                        DecoderModel.open(
                                GrowingDecoder.graph(7, ElementType.FLOAT, false),
                                100_000,
                                RuntimeOptions.defaults());
                DecoderSession session = model.newSession();
                session.forward(new int[50_000], LogitRows.LAST);
                Future<?> forks =
                        thread.submit(
                                () -> {
                                    while (true) {
                                        session.fork().close();
                                    }
                                });
                model.close();
                assertThatThrownBy(forks::get).hasCauseInstanceOf(IllegalStateException.class);
            }
        } finally {
            thread.shutdownNow();
        }
    }

    private static float[] last(Logits logits) {
        float[] row = new float[logits.vocabularySize()];
        logits.last().get(0, row);
        return row;
    }

    private static DecoderModel open(Path directory) {
        ModelFiles files = ModelFiles.of(directory);
        return DecoderModel.open(
                DecoderGraphs.write(
                        "tested",
                        DecoderConfig.read(files),
                        SafeTensors.read(files),
                        Precision.FP32,
                        CONTEXT),
                CONTEXT,
                new RuntimeOptions(1, Spinning.OFF, 1));
    }

    private static long directBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
