package dev.slipstream.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.OnnxRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the second form of the weights computes, weighs and refuses. */
class TwoFormsGraphTest {
    @TempDir Path directory;

    @Test
    void productIsThatOfRoundedWeightsAndRoundedRows() throws OrtException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int in = 1 + random.nextInt(70);
        int out = 1 + random.nextInt(150);
        float[][] weights = draw(random, out, in);
        float[][] x = draw(random, 5, in);
        x[1] = new float[in];
        // A text's first token: its size must not cost the others their precision.
        for (int i = 0; i < in; i++) {
            x[0][i] *= 1000;
        }
        float[][] found = run(product(weights, out, in), x, out);
        for (int row = 0; row < x.length; row++) {
            float largest = largest(x[row]);
            for (int o = 0; o < out; o++) {
                float scale = largest(weights[o]) / 127;
                long sum = 0;
                double exact = 0;
                for (int i = 0; i < in; i++) {
                    long step = Math.round(weights[o][i] / (double) scale);
                    sum += step * (long) Math.rint(127.0 * x[row][i] / largest);
                    exact += (double) weights[o][i] * x[row][i];
                }
                double expected = largest == 0 ? 0 : sum * (double) scale * largest / 127;
                // Ties may fall to either side in floats: two steps of one product.
                float slack = 2 * largest * scale + 1e-5f * (float) Math.abs(expected);
                assertThat((double) found[row][o])
                        .as("row %d, output %d, seed %d", row, o, seed)
                        .isCloseTo(expected, within((double) slack))
                        .isCloseTo(exact, within(0.03 * in * largest * largest(weights[o])));
            }
        }
    }

    @Test
    void weighsAByteAWeightOfTheLayersMore() throws IOException {
        new RandomModel("LlamaForCausalLM", 7).write(directory);
        ModelFiles files = ModelFiles.of(directory);
        DecoderConfig config = DecoderConfig.read(files);
        Weights weights = SafeTensors.read(files);
        OnnxModel one = DecoderGraphs.write("one", config, weights, Precision.INT4, 32);
        OnnxModel two = DecoderGraphs.writeTwoForms("two", config, weights, Precision.INT4, 32);
        long hidden = config.hiddenSize();
        long queries = (long) config.heads() * config.headSize();
        long keys = (long) config.keyValueHeads() * config.headSize();
        long wide = config.intermediateSize();
        long matrices = hidden * (2 * queries + 2 * keys) + 3 * hidden * wide;
        long outputs = queries + 2 * keys + hidden + 2 * wide + hidden;
        int constants = 4 + 4 + 1 + 8;
        assertThat(bytes(two) - bytes(one))
                .isEqualTo(config.layers() * (matrices + 4 * outputs) + constants);
        assertThat(two.nodes()).filteredOn(node -> node.getOpType().equals("If")).hasSize(1);
        two.validate();
    }

    @Test
    void refusesGatesAndOtherForms() throws IOException {
        new RandomModel("LlamaForCausalLM", 7).with("num_hidden_layers", "2").write(directory);
        ModelFiles files = ModelFiles.of(directory);
        DecoderConfig config = DecoderConfig.read(files);
        OnnxModel drafting =
                DecoderGraphs.write(
                        "drafting",
                        config,
                        SafeTensors.read(files),
                        Precision.INT4,
                        32,
                        SelfDraftShape.skip(config, Set.of(), Set.of(1)));
        assertThatThrownBy(() -> TwoForms.of(drafting))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("without gates")
                .hasMessageContaining("inputs [draft]");
        OnnxModel other = new OnnxModel("other");
        new GraphBuilder(other).input("input_ids", ElementType.INT64, 1, "n");
        assertThatThrownBy(() -> TwoForms.of(other))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("of the form that Slipstream writes")
                .hasMessageContaining("found [input_ids]");
    }

    private static OnnxModel product(float[][] weights, int out, int in) {
        OnnxModel model = new OnnxModel("product");
        GraphBuilder graph = new GraphBuilder(model);
        graph.input("x", ElementType.FLOAT, "n", in);
        new ByteProducts(graph, graph)
                .multiply(
                        "x",
                        new WeightProduct(
                                "x",
                                "w",
                                (index, into) -> System.arraycopy(weights[index], 0, into, 0, in),
                                out,
                                in),
                        "y");
        graph.output("y", ElementType.FLOAT, "n", out);
        return model;
    }

    private float[][] run(OnnxModel model, float[][] x, int out) throws OrtException {
        Path file = directory.resolve("product.onnx");
        try {
            model.write(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        OrtEnvironment environment = OnnxRuntime.start();
        try (OrtSession session = environment.createSession(file.toString());
                OnnxTensor input = OnnxTensor.createTensor(environment, x);
                OrtSession.Result result = session.run(Map.of("x", input))) {
            FloatBuffer all = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[][] rows = new float[x.length][out];
            for (float[] row : rows) {
                all.get(row);
            }
            return rows;
        }
    }

    private static float[][] draw(Random random, int rows, int columns) {
        float[][] drawn = new float[rows][columns];
        for (float[] row : drawn) {
            for (int i = 0; i < columns; i++) {
                row[i] = (float) random.nextGaussian();
            }
        }
        return drawn;
    }

    private static float largest(float[] row) {
        float largest = 0;
        for (float value : row) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private static long bytes(OnnxModel model) {
        return model.initializers().values().stream()
                .map(Tensor::data)
                .mapToLong(ByteBuffer::remaining)
                .sum();
    }
}
