package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.oracle.PlainBlocks;
import dev.slipstream.runtime.GraphProbe;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantisePassTest {
    private static final int IN = 72;
    private static final int OUT = 48;

    @Test
    void keepsWhatIsToBeKept() {
        Pipeline.Result result =
                apply(
                        "quantise:weights=int4,keep=(attention.1,embedding),int8=(feed-forward.0)",
                        stories(),
                        null);
        Map<String, Tensor> left = result.graph().initializers();
        assertThat(left.get("model.embed_tokens.weight").type()).isEqualTo(ElementType.FLOAT);
        assertThat(left.get("model.layers.1.self_attn.o_proj.weight").type())
                .isEqualTo(ElementType.FLOAT);
        assertThat(left).doesNotContainKey("model.layers.0.self_attn.o_proj.weight");
        assertThat(left.get("model.layers.0.mlp.up_proj.weight.values").shape().get(2))
                .isEqualTo(32);
        assertThat(left.get("model.layers.1.mlp.up_proj.weight.values").shape().get(2))
                .isEqualTo(16);
        assertThat(result.reports().get(0).lines())
                .contains("embedding        fp32", "feed-forward.0   int8");
    }

    /** Gemm in both layouts, with bias and without, and a bias that is added. */
    @ParameterizedTest
    @CsvSource({"0, true", "1, true", "0, false", "1, false"})
    void keepsTheBiasesOfGemm(int transposed, boolean biased) {
        Random random = new Random(20 + transposed);
        float[] table = normal(random, 10 * IN);
        float[] weight = normal(random, OUT * IN);
        float[] bias = normal(random, OUT);
        OnnxModel model = new OnnxModel("gemm");
        GraphBuilder b = new GraphBuilder(model);
        b.input("input_ids", ElementType.INT64, "batch", "length");
        String rows =
                b.node("Gather", b.initializer("table", tensor(table, 10, IN)), "input_ids")
                        .output("rows");
        String flat =
                b.node("Reshape", rows, b.initializer("flat", longs(-1, IN))).output("flattened");
        String matrix =
                transposed == 1
                        ? b.initializer("w", tensor(weight, OUT, IN))
                        : b.initializer("w", tensor(turned(weight), IN, OUT));
        String added = b.initializer("bias", tensor(bias, OUT));
        var gemm = biased ? b.node("Gemm", flat, matrix, added) : b.node("Gemm", flat, matrix);
        b.output(gemm.attribute("transB", transposed).output("y"), ElementType.FLOAT, "rows", OUT);

        OnnxModel passed = apply("quantise:weights=int4", model, null).graph();
        assertThat(passed.nodes()).noneMatch(node -> node.getOpType().equals("Gemm"));
        int[] ids = {3, 0, 9, 9};
        float[] found = probe(passed, ids);
        float[] rounded = PlainBlocks.rounded(weight, IN, 4);
        for (int i = 0; i < found.length; i++) {
            double exact = biased ? bias[i % OUT] : 0;
            double bound = 1e-4;
            float[] x = new float[IN];
            System.arraycopy(table, ids[i / OUT] * IN, x, 0, IN);
            for (int j = 0; j < IN; j++) {
                float w = rounded[i % OUT * IN + j];
                exact += (double) x[j] * w;
                // Activations are rounded to half a 127th of the largest of their block.
                bound += Math.abs(w) * largest(x, j / 32) / 254;
            }
            assertThat(Math.abs(found[i] - exact)).isLessThan(bound);
        }
    }

    /** A merely planted sub-layer: all others are too small to matter. */
    @ParameterizedTest
    @CsvSource({
        "feed-forward.3, mlp.down_proj, model.layers.3",
        "attention.2, self_attn.o_proj, model.layers.2"
    })
    void findsASensitiveSubLayer(String planted, String matrix, String layer) {
        OnnxModel graph = stories();
        graph.initializers()
                .replaceAll(
                        (name, tensor) ->
                                (name.endsWith("down_proj.weight")
                                                        || name.endsWith("o_proj.weight"))
                                                && !name.equals(layer + "." + matrix + ".weight")
                                        ? scaled(tensor, 0.02f)
                                        : tensor);
        Pipeline.Result result =
                apply(
                        "quantise:weights=int4,int8-share=0.2,keep=(embedding)",
                        graph,
                        calibration());
        Map<String, Object> facts = result.reports().get(0).facts();
        assertThat(((List<?>) facts.get("ranking")).get(0)).isEqualTo(planted);
        assertThat(result.graph().initializers())
                .extractingByKey(layer + "." + matrix + ".weight.values")
                .satisfies(values -> assertThat(values.shape().get(2)).isEqualTo(32));
        assertThat(result.reports().get(0).lines()).anyMatch(line -> line.contains("first: "));
    }

    @Test
    void staysWithinTheShare() {
        for (double share : new double[] {0.05, 0.3, 1}) {
            PassReport report =
                    apply("quantise:weights=int4,int8-share=" + share, stories(), calibration())
                            .reports()
                            .get(0);
            long all = 0;
            long int8 = 0;
            for (Object part : (List<?>) report.facts().get("parts")) {
                Map<?, ?> fact = (Map<?, ?>) part;
                all += (Long) fact.get("weights");
                int8 += fact.get("precision").equals("int8") ? (Long) fact.get("weights") : 0;
            }
            assertThat(int8).isLessThanOrEqualTo((long) (share * all));
            assertThat(share == 1 ? int8 : 0).isEqualTo(share == 1 ? all : 0);
        }
    }

    @Test
    void refusesWhatIsQuantisedAlready() {
        OnnxModel integers = Models.graph("src/test/resources/stories260k", LoadOptions.defaults());
        assertThatThrownBy(() -> apply("quantise", integers, null))
                .isInstanceOf(PassException.class)
                .hasMessageContaining(
                        "expected products with constant matrices of 32-bit floats, found matrices of [FLOAT, UINT8]; the model is quantised already");
        OnnxModel passed = apply("quantise", stories(), null).graph();
        assertThatThrownBy(() -> apply("quantise:weights=int4", passed, null))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("it was applied to already, as quantise");
    }

    @Test
    void refusesHalfFloats() throws IOException {
        OnnxModel half =
                OnnxModel.read(
                        Path.of(
                                "src/test/resources/tiny-onnx-decoders/qwen35-gqa-fp16/decoder.onnx"));
        assertThatThrownBy(() -> apply("quantise", half, null))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("FLOAT16")
                .hasMessageContaining("convert the model to 32-bit floats first");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "quantise:weights=int4,method=gptq | method=gptq: expected a calibration text, found none",
                "quantise:weights=int4,int8-share=0.3 | int8-share: expected a calibration text, found none",
                "quantise:keep=attention.9 | keep: expected parts of [embedding, attention.0,",
                "quantise:weights=int4,int8=(head) | int8: expected parts of [embedding, attention.0,",
                "quantise:weights=fp32 | weights: expected one of int8, int4, found fp32",
                "quantise:method=gptq | method: expected it together with weights=int4 alone, found gptq",
                "quantise:weights=int4,int8=embedding,int8-share=0.5 | int8-share: expected either a share or the names",
                "quantise:weights=int4,int8-share=1.5 | int8-share: expected a number of 0 to 1, found 1.5",
                "quantise:bits=4 | expected one of the parameters [weights, method, keep, int8"
            })
    void saysWhatIsWrong(String pass, String message) {
        assertThatThrownBy(() -> apply(pass, stories(), null))
                .isInstanceOf(PassException.class)
                .hasMessageContaining(message);
    }

    private static Pipeline.Result apply(String pass, OnnxModel graph, Calibration calibration) {
        return new Pipeline(Passes.create(List.of(pass))).apply(graph, calibration, p -> {});
    }

    private static OnnxModel stories() {
        return Models.graph(
                "src/test/resources/stories260k",
                LoadOptions.defaults().withPrecision(Precision.FP32));
    }

    private static Calibration calibration() {
        int[] tokens = new Random(9).ints(40, 3, 500).toArray();
        return new Calibration(List.of(tokens), RuntimeOptions.defaults());
    }

    private static float[] probe(OnnxModel graph, int[] ids) {
        try (GraphProbe probe = GraphProbe.open(graph, List.of("y"), RuntimeOptions.defaults())) {
            return probe.run(
                    ids,
                    Map.of(),
                    values -> {
                        float[] copy = new float[values.get("y").floats().remaining()];
                        values.get("y").floats().get(copy);
                        return copy;
                    });
        }
    }

    private static float largest(float[] x, int block) {
        float largest = 0;
        for (int i = 32 * block; i < Math.min(x.length, 32 * block + 32); i++) {
            largest = Math.max(largest, Math.abs(x[i]));
        }
        return largest;
    }

    private static float[] turned(float[] weight) {
        float[] turned = new float[weight.length];
        for (int i = 0; i < IN; i++) {
            for (int o = 0; o < OUT; o++) {
                turned[i * OUT + o] = weight[o * IN + i];
            }
        }
        return turned;
    }

    private static Tensor scaled(Tensor tensor, float factor) {
        float[] values = new float[(int) tensor.elements()];
        tensor.data().asFloatBuffer().get(values);
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return tensor(values, tensor.shape().get(0), tensor.shape().get(1));
    }

    private static float[] normal(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static Tensor tensor(float[] values, long... shape) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(Float.BYTES * values.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return new Tensor(ElementType.FLOAT, LongStream.of(shape).boxed().toList(), data);
    }

    private static Tensor longs(long... values) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(Long.BYTES * values.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asLongBuffer().put(values);
        return new Tensor(ElementType.INT64, List.of((long) values.length), data);
    }
}
