package dev.slipstream.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gradient of every tensor against differences of the loss. */
class GradientTest {
    private static final float MOVE = 2e-3f;

    @TempDir Path directory;

    @Test
    void gradientsAreDifferencesOfTheLoss() throws IOException {
        TinyDecoder tiny =
                new TinyDecoder("Qwen3ForCausalLM")
                        .with("head_dim", "16")
                        .with("attention_bias", "true")
                        .with("tie_word_embeddings", "false");
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = tiny.draw(manager, directory, 9);
            decoder.freezeParameters(false);
            try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
                collector.backward(loss(manager, decoder, true));
            }
            for (Map.Entry<String, Parameter> entry : decoder.tensors().entrySet()) {
                NDArray weights = entry.getValue().getArray();
                float[] gradient = weights.getGradient().toFloatArray();
                float[] direction = direction(gradient.length);
                double expected = 0;
                for (int i = 0; i < gradient.length; i++) {
                    expected += gradient[i] * direction[i];
                }
                double found = difference(manager, decoder, weights, direction);
                assertThat(expected)
                        .as(entry.getKey())
                        .isCloseTo(found, within(0.02 * Math.abs(found) + 0.002));
                assertThat(Math.abs(expected)).as(entry.getKey()).isGreaterThan(1e-5);
            }
        }
    }

    private static double difference(
            NDManager manager, DecoderBlock decoder, NDArray weights, float[] direction) {
        float[] before = weights.toFloatArray();
        weights.set(moved(before, direction, MOVE));
        double after = loss(manager, decoder, false).getFloat();
        weights.set(moved(before, direction, -MOVE));
        double opposite = loss(manager, decoder, false).getFloat();
        weights.set(before);
        return (after - opposite) / (2 * MOVE);
    }

    private static float[] moved(float[] values, float[] direction, float by) {
        float[] result = values.clone();
        for (int i = 0; i < result.length; i++) {
            result[i] += by * direction[i];
        }
        return result;
    }

    private static float[] direction(int length) {
        Random random = new Random(length);
        float[] direction = new float[length];
        for (int i = 0; i < length; i++) {
            direction[i] = (float) random.nextGaussian();
        }
        return direction;
    }

    private static NDArray loss(NDManager manager, DecoderBlock decoder, boolean training) {
        long[] ids = {5, 3, 8, 1, 9, 2, 60, 7, 7, 4, 33, 21};
        NDArray input = manager.create(ids, new Shape(2, 6));
        return decoder.forward(new ParameterStore(manager, false), new NDList(input), training)
                .singletonOrThrow()
                .logSoftmax(-1)
                .square()
                .mean();
    }
}
