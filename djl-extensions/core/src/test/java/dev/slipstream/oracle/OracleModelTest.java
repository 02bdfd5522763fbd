package dev.slipstream.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class OracleModelTest {
    @TempDir Path directory;

    static Stream<RandomModel> models() {
        return Stream.of(
                new RandomModel("LlamaForCausalLM", 1),
                new RandomModel("LlamaForCausalLM", 2)
                        .with("attention_bias", "true")
                        .with("mlp_bias", "true")
                        .stored("F16", 3),
                new RandomModel("MistralForCausalLM", 3)
                        .with("sliding_window", "5")
                        .stored("BF16", 1),
                new RandomModel("Qwen2ForCausalLM", 4).with("tie_word_embeddings", "false"),
                new RandomModel("Qwen2ForCausalLM", 5)
                        .with("num_hidden_layers", "3")
                        .with("use_sliding_window", "true")
                        .with("sliding_window", "4")
                        .with("max_window_layers", "2"),
                new RandomModel("Qwen3ForCausalLM", 6).with("tie_word_embeddings", "true"),
                new RandomModel("LlamaForCausalLM", 7)
                        .with("hidden_size", "64")
                        .with("num_attention_heads", "4")
                        .without("head_dim")
                        .without("num_key_value_heads")
                        .with(
                                "rope_scaling",
                                """
                                {"rope_type": "yarn", "factor": 4.0,
                                 "original_max_position_embeddings": 32}
                                """));
    }

    /** Two computations of one function: all at once, and step by step with remembered keys. */
    @ParameterizedTest
    @MethodSource("models")
    void stepsAgreeWithTheWhole(RandomModel random) throws IOException {
        OracleModel model = OracleModel.ofDirectory(random.write(directory));
        int[] tokens = random.tokens(24);

        float[][] whole = model.logits(tokens);
        StepwiseOracle steps = new StepwiseOracle(model);

        assertThat(whole).hasDimensions(24, model.vocabulary());
        double squares = 0;
        for (int t = 0; t < tokens.length; t++) {
            assertThat(steps.next(tokens[t])).containsExactly(whole[t], within(1e-5f));
            for (float logit : whole[t]) {
                squares += logit * logit / (24.0 * model.vocabulary());
            }
        }
        assertThat(Math.sqrt(squares)).as("size of the logits").isBetween(1.0, 4.0);
    }

    @ParameterizedTest
    @MethodSource("models")
    void laterTokensChangeNothing(RandomModel random) throws IOException {
        OracleModel model = OracleModel.ofDirectory(random.write(directory));
        int[] tokens = random.tokens(12);
        float[][] all = model.logits(tokens);
        assertThat(model.logits(Arrays.copyOf(tokens, 5))).isDeepEqualTo(Arrays.copyOf(all, 5));
    }

    /** One layer with a window of 3: position 5 sees positions 3, 4 and 5 only. */
    @Test
    void theWindowCountsThePositionItself() throws IOException {
        OracleModel model =
                OracleModel.ofDirectory(
                        new RandomModel("MistralForCausalLM", 8)
                                .with("num_hidden_layers", "1")
                                .with("sliding_window", "3")
                                .write(directory));
        float[] seen = model.logits(new int[] {9, 8, 7, 6, 5, 4})[5];
        assertThat(model.logits(new int[] {2, 3, 4, 6, 5, 4})[5]).containsExactly(seen);
        assertThat(model.logits(new int[] {9, 8, 7, 2, 5, 4})[5]).isNotEqualTo(seen);
    }

    /** Every option must matter, or a test of it proves nothing. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"rope_type\": \"linear\", \"factor\": 2.0}",
                "{\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0,"
                        + " \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 64}",
                "{\"rope_type\": \"yarn\", \"factor\": 4.0,"
                        + " \"original_max_position_embeddings\": 32}"
            })
    void ropeScalingChangesTheLogits(String scaling) throws IOException {
        RandomModel plain = new RandomModel("LlamaForCausalLM", 9);
        float[][] before = OracleModel.ofDirectory(plain.write(directory)).logits(plain.tokens(8));
        RandomModel scaled = new RandomModel("LlamaForCausalLM", 9).with("rope_scaling", scaling);
        float[][] after = OracleModel.ofDirectory(scaled.write(directory)).logits(plain.tokens(8));

        assertThat(after[0]).as("one position alone").containsExactly(before[0]);
        double largest = 0;
        for (int i = 0; i < after[7].length; i++) {
            largest = Math.max(largest, Math.abs(after[7][i] - before[7][i]));
        }
        assertThat(largest).isGreaterThan(0.01);
    }

    /**
     * A layer small enough for pencil and paper. Hidden 2, one head of 2, embedding of token 0 is
     * (3, 4), of token 1 (4, -3); both have mean square 12.5, so a norm divides by sqrt(12.5) and
     * the value projection multiplies by it again. Queries and keys are zero, so that all positions
     * weigh the same. Output, gate, up and head are the identity; down doubles and adds (0, 1).
     */
    @Test
    void oneLayerByHand() {
        float s = (float) Math.sqrt(12.5);
        float[] identity = {1, 0, 0, 1};
        OracleLinear one = new OracleLinear(identity, null, 2);
        OracleLinear value = new OracleLinear(new float[] {s, 0, 0, s}, null, 2);
        OracleLinear zero = new OracleLinear(new float[4], new float[2], 2);
        OracleLayer layer =
                new OracleLayer(
                        new float[] {1, 1},
                        zero,
                        zero,
                        value,
                        one,
                        null,
                        null,
                        new float[] {1, 1},
                        one,
                        one,
                        new OracleLinear(new float[] {2, 0, 0, 2}, new float[] {0, 1}, 2),
                        Integer.MAX_VALUE);
        OracleShape shape =
                new OracleShape(1, 1, 2, 0, OracleRope.plain(10000, 2, OracleRope.Pairing.HALVES));
        OracleModel model =
                new OracleModel(
                        shape, new float[] {3, 4, 4, -3}, List.of(layer), new float[] {1, 1}, one);

        float[][] logits = model.logits(new int[] {0, 1});

        // Position 0: attention adds (3, 4): (6, 8). Normed by sqrt(50): g = (0.848528, 1.131371).
        // silu(g) g = g^2 / (1 + e^-g) = 0.72 x 0.700258 = 0.504186, 1.28 x 0.756092 = 0.967797.
        // Down: (1.008372, 2.935595), so (7.008372, 10.935595), mean square 84.352258.
        assertThat(logits[0]).containsExactly(new float[] {0.763078f, 1.190677f}, within(2e-6f));
        // Position 1: attention adds the mean ((3, 4) + (4, -3)) / 2 = (3.5, 0.5): (7.5, -2.5).
        // Normed by sqrt(31.25): (1.341641, -0.447214). 1.8 x 0.792760 = 1.426967,
        // 0.2 x 0.390024 = 0.078005. Down: (2.853935, 1.156009): (10.353935, -1.343991).
        // Mean square 54.505137.
        assertThat(logits[1]).containsExactly(new float[] {1.402448f, -0.182044f}, within(2e-6f));
    }

    /**
     * Qwen3's order: (3, 4) normed by sqrt(12.5) and weighed by (2, 1) is (1.697056, 1.131371); a
     * quarter turn makes that (-1.131371, 1.697056). Turned first it would be (-2.262742,
     * 0.848528).
     */
    @Test
    void headsAreNormedBeforeTheyAreTurned() {
        OracleRope quarter =
                new OracleRope(new double[] {Math.PI / 2}, 1, OracleRope.Pairing.HALVES);
        OracleModel model =
                new OracleModel(
                        new OracleShape(2, 2, 2, 0, quarter),
                        new float[2],
                        List.of(),
                        new float[2],
                        new OracleLinear(new float[4], null, 2));

        double[] heads = model.turned(new double[] {3, 4, 30, 40}, new float[] {2, 1}, 1);

        assertThat(heads)
                .containsExactly(
                        new double[] {-1.131371, 1.697056, -1.131371, 1.697056}, within(1e-6));
    }

    @Test
    void everyHalfSurvivesTheRoundTrip() {
        for (int bits = 0; bits < 0x10000; bits++) {
            float value = OracleSafetensors.half((short) bits);
            if ((bits & 0x7c00) != 0x7c00
                    && bits != 0x8000
                    && SafetensorsWriter.half(value) != (short) bits) {
                fail("bits %x became %s".formatted(bits, value));
            }
        }
        assertThat(OracleSafetensors.half((short) 0x3c00)).isEqualTo(1f);
        assertThat(OracleSafetensors.half((short) 0xc100)).isEqualTo(-2.5f);
        assertThat(OracleSafetensors.half((short) 0x7bff)).isEqualTo(65504f);
        assertThat(OracleSafetensors.half((short) 0x0001)).isEqualTo(0x1p-24f);
        assertThat(SafetensorsWriter.brain(1 + 0x1p-8f)).isEqualTo((short) 0x3f80);
        assertThat(SafetensorsWriter.brain(1 + 0x1p-8f + 0x1p-12f)).isEqualTo((short) 0x3f81);
    }

    @Test
    void oneSeedIsOneModel() throws IOException {
        Path first = new RandomModel("Qwen3ForCausalLM", 10).write(directory.resolve("a"));
        Path second = new RandomModel("Qwen3ForCausalLM", 10).write(directory.resolve("b"));
        for (String file : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
            assertThat(first.resolve(file)).hasSameBinaryContentAs(second.resolve(file));
        }
        Path sharded =
                new RandomModel("Qwen3ForCausalLM", 10)
                        .stored("F32", 4)
                        .write(directory.resolve("c"));
        assertThat(Files.exists(sharded.resolve("model.safetensors"))).isFalse();
        int[] tokens = {1, 2, 3};
        assertThat(OracleModel.ofDirectory(sharded).logits(tokens))
                .isDeepEqualTo(OracleModel.ofDirectory(first).logits(tokens));
    }

    @Test
    void unknownArchitecturesAreRefused() throws IOException {
        Path written = new RandomModel("GemmaForCausalLM", 11).write(directory);
        assertThatThrownBy(() -> OracleModel.ofDirectory(written))
                .hasMessageContaining("GemmaForCausalLM");
    }
}
