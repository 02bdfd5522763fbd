package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.TinyDecoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The optimiser against the paper's lines in doubles. */
class AdamWTest {
    private static final double DECAY = 0.3;
    private static final double SCALE = 0.8;

    @TempDir Path directory;

    private record Plain(double[] weights, double[] mean, double[] square, boolean decays) {
        void update(float[] gradient, int step, double rate) {
            for (int i = 0; i < weights.length; i++) {
                double g = gradient[i] * SCALE;
                mean[i] = 0.9 * mean[i] + 0.1 * g;
                square[i] = 0.99 * square[i] + 0.01 * g * g;
                double m = mean[i] / (1 - Math.pow(0.9, step + 1));
                double v = square[i] / (1 - Math.pow(0.99, step + 1));
                double move = m / (Math.sqrt(v) + 1e-6) + (decays ? DECAY * weights[i] : 0);
                weights[i] -= rate * move;
            }
        }
    }

    @Test
    void agreesWithThePaper() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            AdamW adam = new AdamW(manager, decoder, new AdamOptions(0.9, 0.99, 1e-6, DECAY, 1));
            Map<String, Plain> plain = new LinkedHashMap<>();
            decoder.tensors()
                    .forEach(
                            (name, parameter) ->
                                    plain.put(
                                            name,
                                            new Plain(
                                                    doubles(parameter.getArray()),
                                                    new double[(int) parameter.getShape().size()],
                                                    new double[(int) parameter.getShape().size()],
                                                    !name.contains("norm"))));
            Random random = new Random(4);
            for (int step = 0; step < 5; step++) {
                double rate = 0.01 * (step + 1);
                int now = step;
                try (NDManager own = manager.newSubManager()) {
                    Map<Parameter, NDArray> gradients = new IdentityHashMap<>();
                    decoder.tensors()
                            .forEach(
                                    (name, parameter) -> {
                                        float[] gradient = draw(parameter, random);
                                        plain.get(name).update(gradient, now, rate);
                                        gradients.put(
                                                parameter,
                                                own.create(gradient, parameter.getShape()));
                                    });
                    adam.update(gradients, step, rate, SCALE);
                }
            }
            decoder.tensors()
                    .forEach(
                            (name, parameter) ->
                                    assertThat(doubles(parameter.getArray()))
                                            .as(name)
                                            .containsExactly(
                                                    plain.get(name).weights(), within(2e-5)));
        }
    }

    private static float[] draw(Parameter parameter, Random random) {
        float[] values = new float[(int) parameter.getShape().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static double[] doubles(NDArray array) {
        float[] values = array.toFloatArray();
        double[] result = new double[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = values[i];
        }
        return result;
    }
}
