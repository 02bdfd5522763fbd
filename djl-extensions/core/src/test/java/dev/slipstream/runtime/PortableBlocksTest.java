package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that write blocks, without native operators. */
class PortableBlocksTest {
    private static final int CONTEXT = 130;
    private static final int KEPT = 20;
    private static final float TOLERANCE = 1e-4f;

    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"})
    void causalTurnsAreThoseOfAnyDecoder(String architecture) throws IOException {
        long seed = new Random().nextLong();
        RandomModel drawn = drawn(architecture, seed);
        for (int kept : new int[] {0, KEPT}) {
            try (DecoderModel model = open(kept)) {
                assertThat(model.seesBlocks()).as(drawn.toString()).isTrue();
                assertThat(model.keptContextRows()).isEqualTo(kept);
                assertThat(model.runtime()).contains("blocks");
                OracleModel oracle = OracleModel.ofDirectory(directory);
                new DecoderAgreement(model, oracle::logits, TOLERANCE).check(drawn.tokens(60));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"})
    void anyMaskAndPlacesAreWhatStraightLoopsCompute(String architecture) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        RandomModel drawn = drawn(architecture, seed);
        OracleModel oracle = OracleModel.ofDirectory(directory);
        for (int kept : new int[] {0, KEPT}) {
            try (DecoderModel model = open(kept);
                    DecoderSession session = model.newSession()) {
                for (int past : new int[] {0, 1, 2 + random.nextInt(60)}) {
                    int rows = 1 + random.nextInt(KEPT);
                    int[] tokens = Arrays.copyOf(drawn.tokens(CONTEXT), past + rows);
                    Visibility visibility = draw(random, rows);
                    float[][] expected = expected(oracle, tokens, past, visibility);
                    String description =
                            "seed %d, past %d, rows %d, kept %d, %s"
                                    .formatted(seed, past, rows, kept, drawn);
                    hold(session, tokens, past);
                    assertClose(run(session, tokens, past, visibility), expected, description);
                    if (kept > 0) {
                        float[][] first =
                                run(session, tokens, past, visibility, ContextAttention.KEPT);
                        assertClose(first, expected, description);
                        float[][] again =
                                run(session, tokens, past, visibility, ContextAttention.REUSED);
                        assertThat(again).as(description).isDeepEqualTo(first);
                    }
                    assertThat(session.exactLength()).isEqualTo(past);
                }
            }
        }
    }

    /**
     * Rows whose token stays are exact in one layer; the others show that what was kept is used.
     */
    @Test
    void whatWasKeptIsUsed() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        RandomModel drawn = drawn("LlamaForCausalLM", seed, 1);
        try (DecoderModel model = open(KEPT);
                DecoderSession session = model.newSession()) {
            int past = 50;
            int[] tokens = Arrays.copyOf(drawn.tokens(CONTEXT), past + KEPT);
            Visibility whole = Visibility.whole(KEPT);
            hold(session, tokens, past);
            run(session, tokens, past, whole, ContextAttention.KEPT);
            int changed = past + random.nextInt(KEPT);
            tokens[changed] = (tokens[changed] + 1) % model.vocabularySize();
            float[][] reused = run(session, tokens, past, whole, ContextAttention.REUSED);
            float[][] computed = run(session, tokens, past, whole);
            for (int i = 0; i < KEPT; i++) {
                if (past + i == changed) {
                    assertThat(reused[i]).as(drawn.toString()).isNotEqualTo(computed[i]);
                } else {
                    assertClose(reused[i], computed[i], drawn.toString());
                }
            }
            assertThatThrownBy(() -> run(session, tokens, past, whole, ContextAttention.REUSED))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("nothing kept");
        }
    }

    @Test
    void aBlockIsForgottenByRollback() throws IOException {
        RandomModel drawn = drawn("LlamaForCausalLM", 3);
        try (DecoderModel model = open(KEPT);
                DecoderSession session = model.newSession();
                DecoderSession fresh = model.newSession()) {
            int past = 40;
            int[] tokens = Arrays.copyOf(drawn.tokens(CONTEXT), past + KEPT);
            hold(session, tokens, past);
            hold(fresh, tokens, past);
            run(session, tokens, past, Visibility.whole(KEPT), ContextAttention.KEPT);
            assertThat(run(session, tokens, past, Visibility.CAUSAL))
                    .isDeepEqualTo(run(fresh, tokens, past, Visibility.CAUSAL));
        }
    }

    @Test
    void aSavedModelSeesBlocksToo() throws IOException {
        RandomModel drawn = drawn("LlamaForCausalLM", 6);
        Path saved = Files.createDirectory(directory.resolve("saved"));
        int[] tokens = Arrays.copyOf(drawn.tokens(CONTEXT), 40 + KEPT);
        Visibility whole = Visibility.whole(KEPT);
        RuntimeOptions options = options(KEPT);
        float[][] expected;
        try (DecoderModel model = DecoderModel.open(graph(), CONTEXT, options, saved);
                DecoderSession session = model.newSession()) {
            hold(session, tokens, 40);
            expected = run(session, tokens, 40, whole);
        }
        try (DecoderModel model = DecoderModel.reopen(saved, CONTEXT, options);
                DecoderSession session = model.newSession()) {
            assertThat(model.keptContextRows()).isEqualTo(KEPT);
            hold(session, tokens, 40);
            assertClose(run(session, tokens, 40, whole, ContextAttention.KEPT), expected, "kept");
            assertClose(
                    run(session, tokens, 40, whole, ContextAttention.REUSED), expected, "reused");
        }
    }

    /** A window hides what is held from rows by their place, which this form does not. */
    @Test
    void modelsWithAWindowAndModelsOfSingleTokensAreCausal() throws IOException {
        new RandomModel("MistralForCausalLM", 5)
                .with("sliding_window", "13")
                .with(
                        "slipstream",
                        "{\"block_diffusion\": {\"block_size\": 8, \"mask_token_id\": 9}}")
                .write(directory);
        try (DecoderModel model = open(KEPT)) {
            assertThat(model.seesBlocks()).isFalse();
            assertThat(model.keptContextRows()).isZero();
        }
        new RandomModel("LlamaForCausalLM", 5).write(directory);
        try (DecoderModel model = open(KEPT);
                DecoderSession session = model.newSession()) {
            assertThat(model.seesBlocks()).isFalse();
            assertThatThrownBy(() -> run(session, new int[2], 0, Visibility.whole(2)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected CAUSAL");
        }
    }

    private static Visibility draw(Random random, int rows) {
        boolean[][] sees = new boolean[rows][rows];
        int[] places = new int[rows];
        double share = random.nextDouble();
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < rows; j++) {
                sees[i][j] = random.nextDouble() < share;
            }
            sees[i][random.nextInt(rows)] = true;
            places[i] = random.nextInt(40);
        }
        return Visibility.of(sees, places);
    }

    private static float[][] expected(
            OracleModel oracle, int[] tokens, int past, Visibility visibility) {
        int[] positions = new int[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            positions[i] = i < past ? i : past + visibility.place(i - past);
        }
        float[][] all =
                oracle.logits(
                        tokens,
                        positions,
                        (row, other) ->
                                row < past || other < past
                                        ? other <= row
                                        : visibility.sees(row - past, other - past));
        return Arrays.copyOfRange(all, past, tokens.length);
    }

    private static void hold(DecoderSession session, int[] tokens, int count) {
        session.rollback(0);
        if (count > 0) {
            session.forward(tokens, 0, count, LogitRows.LAST);
        }
    }

    private static float[][] run(
            DecoderSession session, int[] tokens, int past, Visibility visibility) {
        return run(session, tokens, past, visibility, ContextAttention.COMPUTED);
    }

    /** Runs the tokens behind those held, which are forgotten before. */
    private static float[][] run(
            DecoderSession session,
            int[] tokens,
            int past,
            Visibility visibility,
            ContextAttention context) {
        session.rollback(past);
        Turn turn =
                new Turn(session, tokens, past, tokens.length, LogitRows.ALL)
                        .withVisibility(visibility)
                        .withContext(context);
        Logits logits = session.model().forward(turn);
        float[][] result = new float[logits.rows()][logits.vocabularySize()];
        for (int i = 0; i < result.length; i++) {
            logits.row(i).get(0, result[i]);
        }
        return result;
    }

    private static void assertClose(float[][] found, float[][] expected, String description) {
        assertThat(found.length).as(description).isEqualTo(expected.length);
        for (int i = 0; i < found.length; i++) {
            assertClose(found[i], expected[i], "row %d, %s".formatted(i, description));
        }
    }

    private static void assertClose(float[] found, float[] expected, String description) {
        for (int i = 0; i < found.length; i++) {
            assertThat(Math.abs(found[i] - expected[i])).as(description).isLessThan(TOLERANCE);
        }
    }

    private RandomModel drawn(String architecture, long seed, int... layers) throws IOException {
        RandomModel drawn =
                new RandomModel(architecture, seed)
                        .with(
                                "slipstream",
                                "{\"block_diffusion\": {\"block_size\": 8, \"mask_token_id\": 9}}");
        for (int count : layers) {
            drawn.with("num_hidden_layers", String.valueOf(count));
        }
        drawn.write(directory);
        return drawn;
    }

    private DecoderModel open(int kept) {
        return DecoderModel.open(graph(), CONTEXT, options(kept));
    }

    private static RuntimeOptions options(int kept) {
        return new RuntimeOptions(1, Spinning.OFF, 1).withKeptContextRows(kept);
    }

    private OnnxModel graph() {
        ModelFiles files = ModelFiles.of(directory);
        return DecoderGraphs.write(
                "drawn",
                DecoderConfig.read(files),
                SafeTensors.read(files),
                Precision.FP32,
                CONTEXT);
    }
}
