package dev.slipstream.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/** Rotary frequencies against published tables and arithmetic done by hand. */
class OracleRopeTest {
    /** Published values have five digits. */
    private static final Percentage FIVE_DIGITS = Percentage.withPercentage(0.006);

    private static OracleRope rope(int headSize, String config) {
        return OracleRope.ofConfig(JsonParser.parseString(config).getAsJsonObject(), headSize);
    }

    @Test
    void unscaledFrequenciesArePowersOfTheBase() {
        // 10000^(-2i/8) for i = 0..3: 10^0, 10^-1, 10^-2, 10^-3.
        OracleRope rope = rope(8, "{\"rope_theta\": 10000}");
        assertThat(rope.frequencies())
                .containsExactly(new double[] {1, 0.1, 0.01, 0.001}, within(1e-15));
        assertThat(rope.amplitude()).isEqualTo(1);
        assertThat(rope(8, "{\"rope_scaling\": null}").frequencies()).isEqualTo(rope.frequencies());
    }

    @Test
    void linearScalingDividesByTheFactor() {
        OracleRope rope = rope(8, "{\"rope_scaling\": {\"type\": \"linear\", \"factor\": 4.0}}");
        assertThat(rope.frequencies())
                .containsExactly(new double[] {0.25, 0.025, 0.0025, 0.00025}, within(1e-15));
    }

    @Test
    void newerFilesHoldThetaAmongTheRopeParameters() {
        OracleRope rope =
                rope(4, "{\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 100}}");
        assertThat(rope.frequencies()).containsExactly(new double[] {1, 0.1}, within(1e-15));
    }

    /**
     * Llama 3.1 8B: theta 500000, head size 128, original context 8192. Pair 28 turns 8192 x
     * 500000^(-56/128) / 2 pi = 4.187 times, more than 4, and keeps its frequency. Pair 29: 3.411
     * turns, kept share (3.411 - 1) / 3 = 0.8036, so 2.6161e-3 x (0.8036 + 0.1964 / 8) = 2.1666e-3.
     * Pair 35 turns 0.9967 times and is slowed: 7.6450e-4 / 8 = 9.5562e-5. The table is that of the
     * unit tests of ScaleLLM (rope_scaling, Llama3).
     */
    @Test
    void llama31BandsAgreeWithThePublishedTable() {
        double[] published = {
            1.0000e+00, 8.1462e-01, 6.6360e-01, 5.4058e-01, 4.4037e-01, 3.5873e-01, 2.9223e-01,
            2.3805e-01, 1.9392e-01, 1.5797e-01, 1.2869e-01, 1.0483e-01, 8.5397e-02, 6.9566e-02,
            5.6670e-02, 4.6164e-02, 3.7606e-02, 3.0635e-02, 2.4955e-02, 2.0329e-02, 1.6560e-02,
            1.3490e-02, 1.0990e-02, 8.9523e-03, 7.2927e-03, 5.9407e-03, 4.8394e-03, 3.9423e-03,
            3.2114e-03, 2.1666e-03, 1.3719e-03, 8.5675e-04, 5.2485e-04, 3.1269e-04, 1.7851e-04,
            9.5562e-05, 7.7847e-05, 6.3415e-05, 5.1659e-05, 4.2082e-05, 3.4281e-05, 2.7926e-05,
            2.2749e-05, 1.8532e-05, 1.5096e-05, 1.2298e-05, 1.0018e-05, 8.1607e-06, 6.6479e-06,
            5.4155e-06, 4.4115e-06, 3.5937e-06, 2.9275e-06, 2.3848e-06, 1.9427e-06, 1.5826e-06,
            1.2892e-06, 1.0502e-06, 8.5550e-07, 6.9690e-07, 5.6771e-07, 4.6247e-07, 3.7673e-07,
            3.0689e-07
        };
        OracleRope rope =
                rope(
                        128,
                        """
                        {"rope_theta": 500000.0, "max_position_embeddings": 131072,
                         "rope_scaling": {"rope_type": "llama3", "factor": 8.0,
                           "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                           "original_max_position_embeddings": 8192}}
                        """);
        assertClose(rope, published);
        assertThat(rope.amplitude()).isEqualTo(1);
    }

    /** The snapshot in transformers' own test: theta 10000, head size 128, context 2048. */
    @Test
    void llama3BandsAgreeWithTransformersSnapshot() {
        OracleRope rope =
                rope(
                        128,
                        """
                        {"rope_theta": 10000.0, "max_position_embeddings": 20480,
                         "rope_scaling": {"rope_type": "llama3", "factor": 10.0,
                           "low_freq_factor": 1, "high_freq_factor": 4,
                           "original_max_position_embeddings": 2048}}
                        """);
        // Pairs 30 to 41, the whole middle band and its neighbours.
        double[] published = {
            1.3335e-02,
            1.0730e-02,
            7.7785e-03,
            5.6009e-03,
            3.9991e-03,
            2.8248e-03,
            1.9675e-03,
            1.3449e-03,
            8.9549e-04,
            5.7363e-04,
            3.4539e-04,
            2.7384e-04
        };
        for (int i = 0; i < published.length; i++) {
            assertThat(rope.frequencies()[30 + i]).isCloseTo(published[i], FIVE_DIGITS);
        }
    }

    /**
     * The snapshot in transformers' own test: theta 10000, head size 128, context 2048, factor 10.
     * The ramp begins at floor(64 ln(2048 / (32 x 2 pi)) / ln 10000) = floor(16.13) = 16 and ends
     * at ceil(64 ln(2048 / 2 pi) / ln 10000) = ceil(40.21) = 41. Pair 17: slowed share 1/25, so
     * 8.6596e-2 x (0.96 + 0.04 / 10) = 8.3479e-2.
     */
    @Test
    void yarnAgreesWithTransformersSnapshot() {
        double[] published = {
            1.0000e+00, 8.6596e-01, 7.4989e-01, 6.4938e-01, 5.6234e-01, 4.8697e-01, 4.2170e-01,
            3.6517e-01, 3.1623e-01, 2.7384e-01, 2.3714e-01, 2.0535e-01, 1.7783e-01, 1.5399e-01,
            1.3335e-01, 1.1548e-01, 1.0000e-01, 8.3479e-02, 6.9590e-02, 5.7925e-02, 4.8136e-02,
            3.9931e-02, 3.3061e-02, 2.7315e-02, 2.2515e-02, 1.8512e-02, 1.5177e-02, 1.2403e-02,
            1.0101e-02, 8.1924e-03, 6.6143e-03, 5.3120e-03, 4.2400e-03, 3.3599e-03, 2.6396e-03,
            2.0520e-03, 1.5746e-03, 1.1882e-03, 8.7713e-04, 6.2810e-04, 4.3007e-04, 2.7384e-04,
            2.3714e-04, 2.0535e-04, 1.7783e-04, 1.5399e-04, 1.3335e-04, 1.1548e-04, 1.0000e-04,
            8.6596e-05, 7.4989e-05, 6.4938e-05, 5.6234e-05, 4.8697e-05, 4.2170e-05, 3.6517e-05,
            3.1623e-05, 2.7384e-05, 2.3714e-05, 2.0535e-05, 1.7783e-05, 1.5399e-05, 1.3335e-05,
            1.1548e-05
        };
        OracleRope rope =
                rope(
                        128,
                        """
                        {"rope_theta": 10000.0, "max_position_embeddings": 2048,
                         "rope_scaling": {"rope_type": "yarn", "factor": 10.0,
                           "beta_fast": 32, "beta_slow": 1}}
                        """);
        assertClose(rope, published);
        // 0.1 ln 10 + 1
        assertThat(rope.amplitude()).isCloseTo(1.2302585, within(1e-6));
    }

    /**
     * Head size 16, theta 10000, original context 4096, factor 4. The ramp begins at 8 ln(4096 /
     * (32 x 2 pi)) / ln 10000 = 8 x 3.01415 / 9.21034 = 2.61806 and ends at 8 ln(4096 / 2 pi) / ln
     * 10000 = 8 x 6.47989 / 9.21034 = 5.62836; cut to 2 and 6.
     */
    @Test
    void yarnRampByHand() {
        String yarn =
                """
                {"rope_theta": 10000.0, "max_position_embeddings": 16384,
                 "rope_scaling": {"type": "yarn", "factor": 4.0,
                   "original_max_position_embeddings": 4096%s}}
                """;
        double[] plain = rope(16, "{}").frequencies();
        double[] cut = rope(16, yarn.formatted("")).frequencies();
        double[] exact = rope(16, yarn.formatted(", \"truncate\": false")).frequencies();

        // Slowed shares 0, 0, 0, 1/4, 2/4, 3/4, 1, 1; a share of 1 means a quarter.
        double[] cutRatios = {1, 1, 1, 0.8125, 0.625, 0.4375, 0.25, 0.25};
        // (3 - 2.61806) / 3.01030 = 0.12688, (4 - 2.61806) / 3.01030 = 0.45907, 0.79126.
        double[] exactRatios = {1, 1, 1, 0.90485, 0.65570, 0.40655, 0.25, 0.25};
        for (int i = 0; i < 8; i++) {
            assertThat(cut[i] / plain[i]).isCloseTo(cutRatios[i], within(1e-12));
            assertThat(exact[i] / plain[i]).isCloseTo(exactRatios[i], within(1e-5));
        }
    }

    @Test
    void yarnAmplitudeHasFourForms() {
        String yarn =
                """
                {"max_position_embeddings": 163840,
                 "rope_scaling": {"rope_type": "yarn", "original_max_position_embeddings": 4096%s}}
                """;
        // No factor: 163840 / 4096 = 40, and 0.1 ln 40 + 1.
        assertThat(rope(16, yarn.formatted("")).amplitude()).isCloseTo(1.3688879, within(1e-6));
        assertThat(rope(16, yarn.formatted(", \"factor\": 1")).amplitude()).isEqualTo(1);
        assertThat(rope(16, yarn.formatted(", \"attention_factor\": 0.5")).amplitude())
                .isEqualTo(0.5);
        // DeepSeek's pair: (0.0707 ln 40 + 1) / (0.1 ln 40 + 1) = 1.2608038 / 1.3688879.
        assertThat(
                        rope(16, yarn.formatted(", \"mscale\": 0.707, \"mscale_all_dim\": 1.0"))
                                .amplitude())
                .isCloseTo(0.9210424, within(1e-6));
        // One of the two alone changes nothing.
        assertThat(rope(16, yarn.formatted(", \"mscale\": 0.707")).amplitude())
                .isCloseTo(1.3688879, within(1e-6));
    }

    @Test
    void halvesAndNeighboursTurnTheSamePairs() {
        double quarter = Math.PI / 2;
        double[] halves = {9, 1, 2, 3, 4};
        new OracleRope(new double[] {quarter, 0}, 1, OracleRope.Pairing.HALVES)
                .rotate(halves, 1, 1);
        assertThat(halves).containsExactly(new double[] {9, -3, 2, 1, 4}, within(1e-12));

        double[] neighbours = {9, 1, 2, 3, 4};
        new OracleRope(new double[] {quarter, 0}, 10, OracleRope.Pairing.NEIGHBOURS)
                .rotate(neighbours, 1, 5);
        assertThat(neighbours).containsExactly(new double[] {9, -20, 10, 30, 40}, within(1e-12));
    }

    /** The checkpoint carries the tables that it was trained with. */
    @Test
    void llama2cTablesHoldTheSameCosinesAndSines() throws IOException {
        Path file = Path.of("src/test/resources/stories260k/stories260K.bin");
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        OracleRope rope = OracleModel.ofLlama2c(file).shape.rope();
        for (int position = 0; position < 512; position++) {
            for (int pair = 0; pair < 4; pair++) {
                double[] head = {0, 0, 0, 0, 0, 0, 0, 0};
                head[2 * pair] = 1;
                rope.rotate(head, 0, position);
                int entry = 4 * (4 * position + pair);
                assertThat(head[2 * pair]).isCloseTo(bytes.getFloat(1040156 + entry), within(1e-4));
                assertThat(head[2 * pair + 1])
                        .isCloseTo(bytes.getFloat(1048348 + entry), within(1e-4));
            }
        }
    }

    @Test
    void unknownTypesAreRefused() {
        assertThatThrownBy(() -> rope(16, "{\"rope_scaling\": {\"rope_type\": \"longrope\"}}"))
                .hasMessageContaining("longrope");
    }

    private static void assertClose(OracleRope rope, double[] published) {
        assertThat(rope.frequencies()).hasSameSizeAs(published);
        for (int i = 0; i < published.length; i++) {
            assertThat(rope.frequencies()[i]).as("pair %d", i).isCloseTo(published[i], FIVE_DIGITS);
        }
    }
}
