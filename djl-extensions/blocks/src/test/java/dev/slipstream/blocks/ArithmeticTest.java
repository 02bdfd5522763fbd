package dev.slipstream.blocks;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The script in bfloat16 computes what the blocks compute, gradients included. */
class ArithmeticTest {
    /** Of the norm of a difference to the norm: bfloat16 has steps of 1/256. */
    private static final double TOLERANCE = 0.06;

    @TempDir Path directory;

    static Stream<TinyDecoder> variants() {
        return Stream.of(
                new TinyDecoder("LlamaForCausalLM"),
                new TinyDecoder("LlamaForCausalLM")
                        .with("tie_word_embeddings", "false")
                        .with("attention_bias", "true"),
                new TinyDecoder("Qwen2ForCausalLM").with("num_key_value_heads", "1"),
                new TinyDecoder("Qwen3ForCausalLM")
                        .with("head_dim", "16")
                        .with("num_key_value_heads", "4"));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void lossesAndGradientsAreThoseOf32Bits(TinyDecoder tiny) throws IOException {
        Map<String, float[]> wide = run(tiny, Arithmetic.FLOAT32);
        Map<String, float[]> narrow = run(tiny, Arithmetic.BFLOAT16);
        wide.forEach(
                (name, values) ->
                        assertThat(distance(values, narrow.get(name)))
                                .as(name)
                                .isLessThan(TOLERANCE));
    }

    /** Returns the second run's results: the engine rewrites a program after its first. */
    private Map<String, float[]> run(TinyDecoder tiny, Arithmetic arithmetic) throws IOException {
        try (NDManager manager = TinyDecoder.manager();
                DecoderBlock decoder = tiny.draw(manager, directory, 5)) {
            decoder.freezeParameters(false);
            decoder.setWidth(40);
            decoder.setArithmetic(arithmetic);
            run(manager, decoder);
            decoder.tensors()
                    .values()
                    .forEach(
                            parameter -> {
                                // Collectors add to the gradients that are there.
                                NDArray gradient = parameter.getArray().getGradient();
                                gradient.subi(gradient);
                            });
            return run(manager, decoder);
        }
    }

    private static Map<String, float[]> run(NDManager manager, DecoderBlock decoder) {
        Map<String, float[]> results = new LinkedHashMap<>();
        try (NDManager own = manager.newSubManager();
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            long[] ids = {5, 3, 8, 1, 9, 2, 60, 7, 7, 4, 33, 21};
            NDArray input = own.create(ids, new Shape(2, 6));
            NDArray logits =
                    decoder.forward(new ParameterStore(own, false), new NDList(input), true)
                            .singletonOrThrow();
            results.put("logits", logits.toFloatArray());
            collector.backward(logits.logSoftmax(-1).square().mean());
            for (Map.Entry<String, Parameter> entry : decoder.tensors().entrySet()) {
                try (NDArray gradient = entry.getValue().getArray().getGradient()) {
                    results.put(entry.getKey(), gradient.toFloatArray());
                }
            }
        }
        return results;
    }

    private static double distance(float[] expected, float[] found) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow(expected[i] - found[i], 2);
            size += Math.pow(expected[i], 2);
        }
        return Math.sqrt(difference / (size + 1e-20));
    }
}
