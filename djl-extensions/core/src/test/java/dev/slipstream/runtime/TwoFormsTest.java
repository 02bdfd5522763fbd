package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.TwoForms;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Short runs are the plain model's, bit by bit; long ones are near the floats. */
class TwoFormsTest {
    private static final int CONTEXT = 96;
    private static final RuntimeOptions ONE_THREAD = new RuntimeOptions(1, Spinning.OFF, 1);

    @TempDir Path directory;

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);
    private int[] tokens = {};

    @BeforeEach
    void drawTokens() {
        tokens = random.ints(CONTEXT, 0, 64).toArray();
    }

    @ParameterizedTest
    @EnumSource
    void shortRunsHaveThePlainModelsBits(Precision precision) throws IOException {
        new RandomModel("LlamaForCausalLM", 7).write(directory);
        try (DecoderModel plain = open(plain(precision));
                DecoderModel two = open(two(precision))) {
            assertThat(logits(two, CONTEXT)).isDeepEqualTo(logits(plain, CONTEXT));
            two.runLongFrom(9);
            assertThat(logits(two, 8)).isDeepEqualTo(logits(plain, 8));
            assertThat(logits(two, 9)[0]).as("the threshold itself").isNotEqualTo(row(plain));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LlamaForCausalLM",
                "MistralForCausalLM",
                "Qwen2ForCausalLM",
                "Qwen3ForCausalLM"
            })
    void longRunsGiveATokenTheSameBitsWhateverSharesThem(String kind) throws IOException {
        RandomModel drawn = new RandomModel(kind, 7);
        drawn.write(directory);
        try (DecoderModel two = open(two(Precision.INT4))) {
            two.runLongFrom(2);
            float[][] atOnce = logits(two, CONTEXT);
            for (int piece : new int[] {2, 3, 16, 48}) {
                assertThat(logits(two, piece))
                        .as("pieces of %d, seed %d, %s", piece, seed, drawn)
                        .isDeepEqualTo(atOnce);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"})
    void longRunsAreNearTheFloats(String kind) throws IOException {
        RandomModel drawn = new RandomModel(kind, 11);
        drawn.write(directory);
        float[][] floats = OracleModel.ofDirectory(directory).logits(tokens);
        // A head in blocks of 8 bits, which is not what is looked at here.
        try (DecoderModel two = open(two(Precision.INT8));
                DecoderModel four = open(plain(Precision.INT4))) {
            two.runLongFrom(2);
            double bytes = distance(logits(two, CONTEXT), floats);
            assertThat(bytes).as("seed %d, %s", seed, drawn).isLessThan(0.05);
            assertThat(bytes).isLessThan(distance(logits(four, CONTEXT), floats));
        }
    }

    @Test
    void bothFormsWriteAndReadTheSameKeysAndValues() throws IOException {
        RandomModel drawn = new RandomModel("LlamaForCausalLM", 3);
        drawn.write(directory);
        float[][] floats = OracleModel.ofDirectory(directory).logits(tokens);
        try (DecoderModel two = open(two(Precision.INT8));
                DecoderSession session = two.newSession()) {
            two.runLongFrom(8);
            session.forward(tokens, 0, 40, LogitRows.LAST);
            float[][] found = new float[CONTEXT][two.vocabularySize()];
            for (int i = 40; i < CONTEXT; i++) {
                session.forward(tokens, i, i + 1, LogitRows.LAST).row(0).get(0, found[i]);
            }
            session.rollback(60);
            session.forward(tokens, 60, CONTEXT, LogitRows.LAST).row(0).get(0, found[CONTEXT - 1]);
            for (int i = 40; i < CONTEXT; i++) {
                assertThat(distance(new float[][] {found[i]}, new float[][] {floats[i]}))
                        .as("token %d, seed %d, %s", i, seed, drawn)
                        .isLessThan(0.1);
            }
        }
    }

    @Test
    void aGraphWithoutItsFloatsIsRoundedFromWhatItHas() throws IOException {
        new RandomModel("LlamaForCausalLM", 7).write(directory);
        OnnxModel stored = plain(Precision.FP32);
        OnnxModel two = TwoForms.of(stored);
        assertThat(TwoForms.of(two)).isSameAs(two);
        Path file = directory.resolve("two.onnx");
        two.write(file);
        try (DecoderModel fromFloats = open(two(Precision.FP32));
                DecoderModel fromGraph = open(OnnxModel.read(file))) {
            fromFloats.runLongFrom(2);
            fromGraph.runLongFrom(2);
            assertThat(logits(fromGraph, CONTEXT)).isDeepEqualTo(logits(fromFloats, CONTEXT));
        }
    }

    @Test
    void thresholdIsMeasuredAndSet() throws IOException {
        new RandomModel("LlamaForCausalLM", 7).write(directory);
        try (DecoderModel two = open(two(Precision.INT4))) {
            assertThat(two.hasTwoForms()).isTrue();
            assertThat(two.longRunsFrom()).isEqualTo(Integer.MAX_VALUE);
            int found = LongRuns.measure(two, Duration.ZERO);
            assertThat(found).isGreaterThanOrEqualTo(2).isEqualTo(two.longRunsFrom());
            assertThatThrownBy(() -> two.runLongFrom(1)).hasMessageContaining("2 or more, found 1");
        }
        try (DecoderModel plain = open(plain(Precision.INT4))) {
            assertThat(plain.hasTwoForms()).isFalse();
            assertThatThrownBy(() -> plain.runLongFrom(2))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("one form of its weights");
        }
    }

    private OnnxModel plain(Precision precision) {
        ModelFiles files = ModelFiles.of(directory);
        return DecoderGraphs.write(
                "tested", DecoderConfig.read(files), SafeTensors.read(files), precision, CONTEXT);
    }

    private OnnxModel two(Precision precision) {
        ModelFiles files = ModelFiles.of(directory);
        return DecoderGraphs.writeTwoForms(
                "tested", DecoderConfig.read(files), SafeTensors.read(files), precision, CONTEXT);
    }

    private static DecoderModel open(OnnxModel graph) {
        return DecoderModel.open(graph, CONTEXT, ONE_THREAD);
    }

    private float[] row(DecoderModel model) {
        return logits(model, 9)[0];
    }

    /** Runs all tokens in pieces; a last one of a single token joins the piece before. */
    private float[][] logits(DecoderModel model, int piece) {
        float[][] rows = new float[CONTEXT][model.vocabularySize()];
        try (DecoderSession session = model.newSession()) {
            for (int from = 0; from < CONTEXT; ) {
                int to = CONTEXT - from - piece < 2 ? CONTEXT : from + piece;
                Logits logits = session.forward(tokens, from, to, LogitRows.ALL);
                for (int i = from; i < to; i++) {
                    logits.row(i - from).get(0, rows[i]);
                }
                from = to;
            }
        }
        return rows;
    }

    /** Returns the length of the difference over that of the expected. */
    private static double distance(float[][] found, float[][] expected) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < found.length; i++) {
            for (int k = 0; k < found[i].length; k++) {
                difference += Math.pow(found[i][k] - expected[i][k], 2);
                size += Math.pow(expected[i][k], 2);
            }
        }
        return Math.sqrt(difference / size);
    }
}
