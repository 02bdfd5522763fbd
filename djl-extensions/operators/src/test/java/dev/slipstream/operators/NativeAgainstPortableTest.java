package dev.slipstream.operators;

import static dev.slipstream.operators.LogitArrays.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.ContextAttention;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.PortableForm;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.runtime.Turn;
import dev.slipstream.runtime.Visibility;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blocks by the native operator and by standard ones, which share no code. */
class NativeAgainstPortableTest {
    private static final int CONTEXT = 128;
    private static final int KEPT = 12;

    @TempDir Path directory;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @Test
    void bothGiveTheSameLogits() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int draw = 0; draw < 6; draw++) {
            DrawnModel.Shape shape = shape(random);
            Path drawn = Files.createDirectory(directory.resolve("drawn" + draw));
            DrawnModel.LLAMA.write(drawn, random, shape);
            RuntimeOptions options =
                    new RuntimeOptions(1, Spinning.OFF, 1).withKeptContextRows(KEPT);
            OnnxModel graph =
                    DrawnModel.graph(drawn, Precision.FP32, DrawnModel.Part.NONE, CONTEXT);
            graph.metadata().put(DecoderGraphs.BLOCK_DIFFUSION, "12,0,SHIFTED");
            try (DecoderModel one = DecoderModel.open(graph, CONTEXT, options);
                    DecoderModel other =
                            DecoderModel.open(PortableForm.of(graph, options), CONTEXT, options)) {
                assertThat(one.runtime()).contains("ragged");
                assertThat(other.runtime()).doesNotContain("ragged");
                assertThat(other.keptContextRows()).isEqualTo(KEPT);
                compare(one, other, random, "seed %d, %s".formatted(seed, shape));
            }
        }
    }

    private static void compare(DecoderModel one, DecoderModel other, Random random, String as) {
        try (DecoderSession first = one.newSession();
                DecoderSession second = other.newSession()) {
            for (int past : new int[] {0, 1, 70}) {
                int count = 2 + random.nextInt(KEPT - 1);
                int[] tokens = random.ints(past + count, 0, one.vocabularySize()).toArray();
                Visibility sights =
                        random.nextBoolean() ? Visibility.whole(count) : draw(random, count);
                String name = "%s, %d behind %d".formatted(as, count, past);
                for (ContextAttention context : ContextAttention.values()) {
                    float[][] expected = run(second, tokens, past, sights, context);
                    float[][] found = run(first, tokens, past, sights, context);
                    for (int row = 0; row < count; row++) {
                        assertThat(found[row])
                                .as("%s, %s, row %d", name, context, row)
                                .containsExactly(expected[row], within(1e-4f));
                    }
                    if (context == ContextAttention.KEPT) {
                        int changed = past + random.nextInt(count);
                        tokens[changed] = (tokens[changed] + 1) % one.vocabularySize();
                    }
                }
            }
        }
    }

    private static float[][] run(
            DecoderSession session,
            int[] tokens,
            int past,
            Visibility sights,
            ContextAttention context) {
        if (context == ContextAttention.COMPUTED) {
            session.rollback(0);
            if (past > 0) {
                session.forward(tokens, 0, past, LogitRows.LAST);
            }
        }
        session.rollback(past);
        return rows(
                session.model()
                        .forward(
                                new Turn(session, tokens, past, tokens.length, LogitRows.ALL)
                                        .withVisibility(sights)
                                        .withContext(context)));
    }

    private static Visibility draw(Random random, int rows) {
        boolean[][] sees = new boolean[rows][rows];
        int[] places = new int[rows];
        for (int row = 0; row < rows; row++) {
            for (int seen = 0; seen < rows; seen++) {
                sees[row][seen] = random.nextBoolean();
            }
            sees[row][row] = true;
            places[row] = random.nextInt(rows);
        }
        return Visibility.of(sees, places);
    }

    private static DrawnModel.Shape shape(Random random) {
        int keyValueHeads = 1 + random.nextInt(2);
        int heads = keyValueHeads * (1 + random.nextInt(3));
        int headSize = 16 * (1 + random.nextInt(3));
        return new DrawnModel.Shape(2, 32, 128, heads, keyValueHeads, headSize, 50);
    }
}
