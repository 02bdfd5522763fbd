package dev.slipstream.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ONNX Runtime, which shares no code with the reader, computes the same from what we wrote. */
class SessionTest {
    @TempDir Path directory;

    @BeforeAll
    static void startEngine() {
        // Before anyone touches OrtEnvironment, or DJL's engine fails for the life of the JVM.
        Engine.getEngine("OnnxRuntime");
    }

    @Test
    void computesTheSameFromARewrittenModel() throws IOException, OrtException {
        Path original = Exports.file("gpt2/past");
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        List<float[]> expected;
        try (OrtSession session = environment.createSession(original.toString())) {
            expected = run(environment, session);
        }

        OnnxModel model = OnnxModel.read(original);
        Path copy = directory.resolve("copy.onnx");
        model.write(copy);
        try (OrtSession session = environment.createSession(copy.toString())) {
            assertThat(run(environment, session)).usingRecursiveComparison().isEqualTo(expected);
        }

        Map<String, OnnxTensorLike> weights = new HashMap<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            for (var entry : model.externalInitializers().entrySet()) {
                Tensor tensor = entry.getValue();
                assertThat(tensor.type()).isEqualTo(ElementType.FLOAT);
                OnnxTensor weight =
                        OnnxTensor.createTensor(
                                environment,
                                tensor.data(),
                                tensor.shape().stream().mapToLong(n -> n).toArray(),
                                OnnxJavaType.FLOAT);
                assertThat(weight.ownsBuffer()).as("a copy of %s", entry.getKey()).isFalse();
                weights.put(entry.getKey(), weight);
                options.addInitializer(entry.getKey(), weight);
            }
            assertThat(weights).hasSizeGreaterThan(10);
            options.addExternalInitializers(weights);
            byte[] proto = model.toProto().toByteArray();
            assertThat(proto.length).isLessThan(50_000);
            try (OrtSession session = environment.createSession(proto, options)) {
                assertThat(run(environment, session))
                        .usingRecursiveComparison()
                        .isEqualTo(expected);
            }
        } finally {
            weights.values().forEach(OnnxTensorLike::close);
        }
    }

    private static List<float[]> run(OrtEnvironment environment, OrtSession session)
            throws OrtException {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try {
            inputs.put("input_ids", ints(environment, 5, 17, 900));
            inputs.put("position_ids", ints(environment, 0, 1, 2));
            inputs.put("attention_mask", ints(environment, 1, 1, 1));
            for (int layer = 0; layer < 5; layer++) {
                inputs.put(
                        "past_" + layer,
                        OnnxTensor.createTensor(
                                environment, FloatBuffer.allocate(0), new long[] {2, 1, 4, 0, 8}));
            }
            List<float[]> outputs = new ArrayList<>();
            try (OrtSession.Result result = session.run(inputs)) {
                result.forEach(
                        output -> {
                            FloatBuffer values = ((OnnxTensor) output.getValue()).getFloatBuffer();
                            float[] copy = new float[values.remaining()];
                            values.get(copy);
                            outputs.add(copy);
                        });
            }
            assertThat(outputs).hasSize(6);
            assertThat(outputs.get(0)).hasSize(3 * 1000);
            return outputs;
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private static OnnxTensor ints(OrtEnvironment environment, int... values) throws OrtException {
        return OnnxTensor.createTensor(
                environment, IntBuffer.wrap(values), new long[] {1, values.length});
    }
}
