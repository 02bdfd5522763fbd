package dev.slipstream.samples.benchmarks.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.RotaryScaling;
import java.nio.FloatBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GgufTensorsTest {
    @Test
    void llama3ScalingBecomesATensorOfFactors() {
        RotaryScaling scaling = new RotaryScaling.Llama3(500_000, 32, 1, 4, 8192);
        List<GgufTensor> tensors = GgufTensors.of(with(scaling, null), WeightFormat.F32);
        GgufTensor factors = tensors.get(tensors.size() - 1);
        assertThat(factors.name()).isEqualTo("rope_freqs.weight");
        FloatBuffer values = factors.data().get().data().asFloatBuffer();
        assertThat(values.remaining()).isEqualTo(4);
        for (int i = 0; i < 4; i++) {
            double wave = 2 * Math.PI * Math.pow(500_000, 2.0 * i / 8);
            double expected =
                    wave < 8192 / 4.0
                            ? 1
                            : wave > 8192 ? 32 : 1 / ((1 - smooth(wave)) / 32 + smooth(wave));
            assertThat(values.get(i)).isCloseTo((float) expected, PERCENT);
        }
        assertThat(values.get(0)).isEqualTo(1);
        assertThat(values.get(3)).isEqualTo(32);
    }

    private static final org.assertj.core.data.Percentage PERCENT =
            org.assertj.core.data.Percentage.withPercentage(0.01);

    private static double smooth(double wave) {
        return (8192 / wave - 1) / 3;
    }

    @Test
    void whatTheArchitectureHasNoPlaceForIsRefused() {
        RotaryScaling yarn = new RotaryScaling.Yarn(10_000, 4, 512, 32, 1, 1, true);
        assertThatThrownBy(() -> GgufTensors.of(with(yarn, null), WeightFormat.F32))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("yarn")
                .hasMessageContaining("compare with another model");
        assertThatThrownBy(
                        () ->
                                GgufTensors.of(
                                        with(new RotaryScaling.None(10_000), 16), WeightFormat.F32))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("a sliding window of 16");
    }

    /** stories260k, but for how it is said to turn and to look back. */
    private static Checkpoint with(RotaryScaling scaling, @Nullable Integer window) {
        Checkpoint model = Checkpoint.read("stories260k");
        DecoderConfig config = model.config();
        return new Checkpoint(
                model.name(),
                model.files(),
                new DecoderConfig(
                        config.architecture(),
                        config.hiddenSize(),
                        config.layers(),
                        config.heads(),
                        config.keyValueHeads(),
                        config.headSize(),
                        config.intermediateSize(),
                        config.vocabularySize(),
                        config.contextLength(),
                        config.normEpsilon(),
                        scaling,
                        config.tiedEmbeddings(),
                        false,
                        false,
                        window,
                        config.endTokens(),
                        config.beginToken(),
                        List.of(),
                        null),
                model.weights(),
                model.tokenizerJson());
    }
}
