package dev.slipstream.operators;

import static dev.slipstream.operators.LogitArrays.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.ContextAttention;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.runtime.Turn;
import dev.slipstream.runtime.Visibility;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attention over what is held, kept from turn to turn of a block. */
class KeptContextTest {
    private static final int CONTEXT = 200;
    private static final int BLOCK = 16;

    @TempDir Path directory;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    /** Kept in every step, a block has the logits of one of which nothing is kept. */
    @ParameterizedTest
    @EnumSource
    void keepingChangesNothing(DrawnModel kind) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (DecoderModel model = open(kind, random, 3);
                DecoderSession session = model.newSession()) {
            assertThat(model.keptContextRows()).isEqualTo(BLOCK);
            for (int past : new int[] {0, 1, 120}) {
                Block block = new Block(session, random, past);
                for (int step = 0; step < 3; step++) {
                    float[][] computed = block.run(ContextAttention.COMPUTED);
                    assertThat(block.run(ContextAttention.KEPT))
                            .as("seed %d, past %d", seed, past)
                            .isDeepEqualTo(computed);
                    block.change(random, random.nextInt(BLOCK));
                }
            }
        }
    }

    /** As long as no token changes, nothing is approximate. */
    @ParameterizedTest
    @EnumSource
    void unchangedTokensHaveTheSameLogits(DrawnModel kind) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (DecoderModel model = open(kind, random, 3);
                DecoderSession session = model.newSession()) {
            for (int past : new int[] {0, 1, 120}) {
                Block block = new Block(session, random, past);
                float[][] kept = block.run(ContextAttention.KEPT);
                for (int step = 0; step < 3; step++) {
                    assertThat(block.run(ContextAttention.REUSED))
                            .as("seed %d, past %d", seed, past)
                            .isDeepEqualTo(kept);
                }
                assertThat(session.exactLength()).isEqualTo(past);
            }
        }
    }

    /** In one layer a row's query is its token's: rows whose token stays are exact. */
    @ParameterizedTest
    @EnumSource
    void inOneLayerUnchangedRowsAreExact(DrawnModel kind) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (DecoderModel model = open(kind, random, 1);
                DecoderSession session = model.newSession()) {
            Block block = new Block(session, random, 100);
            block.run(ContextAttention.KEPT);
            int changed = random.nextInt(BLOCK);
            block.change(random, changed);
            float[][] reused = block.run(ContextAttention.REUSED);
            float[][] computed = block.run(ContextAttention.COMPUTED);
            for (int row = 0; row < BLOCK; row++) {
                if (row == changed) {
                    assertThat(reused[row]).as("seed %d", seed).isNotEqualTo(computed[row]);
                } else {
                    assertThat(reused[row]).as("seed %d", seed).isEqualTo(computed[row]);
                }
            }
        }
    }

    /** What was kept is far from what a block without a context would see. */
    @Test
    void theContextCounts() throws IOException {
        Random random = new Random(8);
        try (DecoderModel model = open(DrawnModel.LLAMA, random, 2);
                DecoderSession session = model.newSession();
                DecoderSession without = model.newSession()) {
            Block block = new Block(session, random, 100);
            float[][] kept = block.run(ContextAttention.KEPT);
            int[] tokens = Arrays.copyOfRange(block.tokens, 100, 100 + BLOCK);
            Turn alone = new Turn(without, tokens, 0, BLOCK, LogitRows.ALL);
            float[][] blind = rows(model.forward(alone.withVisibility(Visibility.whole(BLOCK))));
            float largest = 0;
            for (int i = 0; i < kept[0].length; i++) {
                largest = Math.max(largest, Math.abs(kept[0][i] - blind[0][i]));
            }
            assertThat(largest).isGreaterThan(0.01f);
        }
    }

    @Test
    void itIsUsedStraightAfterItWasKept() throws IOException {
        Random random = new Random(2);
        try (DecoderModel model = open(DrawnModel.LLAMA, random, 2);
                DecoderSession session = model.newSession()) {
            Block block = new Block(session, random, 50);
            assertRefused(() -> block.run(ContextAttention.REUSED), "nothing kept");

            block.run(ContextAttention.KEPT);
            block.run(ContextAttention.COMPUTED);
            assertRefused(() -> block.run(ContextAttention.REUSED), "nothing kept");

            block.run(ContextAttention.KEPT);
            session.rollback(50);
            Turn shorter =
                    new Turn(session, block.tokens, 50, 54, LogitRows.ALL)
                            .withContext(ContextAttention.REUSED);
            assertRefused(
                    () -> model.forward(shorter), "4 new tokens behind 50", "16 kept behind 50");
            block.run(ContextAttention.REUSED);

            session.rollback(49);
            session.forward(block.tokens, 49, 50, LogitRows.LAST);
            assertRefused(() -> block.run(ContextAttention.REUSED), "nothing kept");

            block.run(ContextAttention.KEPT);
            ByteBuffer saved = saved(session, 1);
            session.rollback(50);
            session.restore(block.tokens, 50, 51, saved);
            assertRefused(() -> block.run(ContextAttention.REUSED), "nothing kept");
        }
    }

    @Test
    void thereIsRoomForSoManyRows() throws IOException {
        Random random = new Random(2);
        try (DecoderModel model = open(DrawnModel.LLAMA, random, 1);
                DecoderSession session = model.newSession()) {
            Turn turn =
                    new Turn(session, new int[BLOCK + 1], 0, BLOCK + 1, LogitRows.ALL)
                            .withContext(ContextAttention.KEPT);
            assertThatThrownBy(() -> model.forward(turn))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("at most 16 new tokens", "found 17");
        }
        OnnxModel graph = graph(DrawnModel.LLAMA, random, 1);
        RuntimeOptions none = options().withKeptContextRows(0);
        try (DecoderModel model = DecoderModel.open(graph, CONTEXT, none)) {
            assertThat(model.keptContextRows()).isZero();
            assertThat(model.seesBlocks()).isTrue();
        }
    }

    /** The last places of a context have as much room for what is kept as any. */
    @Test
    void aBlockAtTheEndOfTheContext() throws IOException {
        Random random = new Random(4);
        try (DecoderModel model = open(DrawnModel.LLAMA, random, 2);
                DecoderSession session = model.newSession()) {
            Block block = new Block(session, random, CONTEXT - BLOCK);
            float[][] computed = block.run(ContextAttention.COMPUTED);
            assertThat(block.run(ContextAttention.KEPT)).isDeepEqualTo(computed);
            assertThat(block.run(ContextAttention.REUSED)).isDeepEqualTo(computed);
        }
    }

    /** Tokens behind a context, which see each other. */
    private static final class Block {
        final int[] tokens;
        private final DecoderSession session;
        private final int past;

        Block(DecoderSession session, Random random, int past) {
            this.session = session;
            this.past = past;
            tokens = random.ints(past + BLOCK, 0, session.model().vocabularySize()).toArray();
            session.rollback(0);
            if (past > 0) {
                session.forward(tokens, 0, past, LogitRows.LAST);
            }
        }

        void change(Random random, int row) {
            int size = session.model().vocabularySize();
            tokens[past + row] = (tokens[past + row] + 1 + random.nextInt(size - 1)) % size;
        }

        float[][] run(ContextAttention context) {
            if (session.length() > past) {
                session.rollback(past);
            }
            Turn turn =
                    new Turn(session, tokens, past, past + BLOCK, LogitRows.ALL)
                            .withVisibility(Visibility.whole(BLOCK))
                            .withContext(context);
            return rows(session.model().forward(turn));
        }
    }

    private static ByteBuffer saved(DecoderSession session, int tokens) {
        long bytes = tokens * session.model().bytesPerToken();
        ByteBuffer result = ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.nativeOrder());
        session.save(0, tokens, result);
        return result.flip();
    }

    private static void assertRefused(ThrowingCallable call, String... message) {
        assertThatThrownBy(call)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("drawn: context: expected REUSED straight after a turn")
                .hasMessageContainingAll(message);
    }

    private OnnxModel graph(DrawnModel kind, Random random, int layers) throws IOException {
        DrawnModel.Shape shape = DrawnModel.SHAPE;
        kind.write(
                directory,
                random,
                new DrawnModel.Shape(
                        layers,
                        shape.hidden(),
                        shape.feedForward(),
                        shape.heads(),
                        shape.keyValueHeads(),
                        shape.headSize(),
                        shape.vocabulary()));
        return DrawnModel.graph(directory, Precision.FP32, DrawnModel.Part.NONE, CONTEXT);
    }

    private DecoderModel open(DrawnModel kind, Random random, int layers) throws IOException {
        return DecoderModel.open(graph(kind, random, layers), CONTEXT, options());
    }

    private static RuntimeOptions options() {
        return new RuntimeOptions(1, Spinning.OFF, 1).withKeptContextRows(BLOCK);
    }
}
