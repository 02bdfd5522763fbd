package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.runtime.GraphProbe;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LowRankPassTest {
    private static final String STORIES = "src/test/resources/stories260k";
    private static final RuntimeOptions ONE_THREAD = new RuntimeOptions(1, Spinning.OFF, 0);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "low-rank:parameters=0.5",
                "low-rank:parameters=0.5,ranks=uniform,dense=0",
                "low-rank:parameters=0.6,inputs=ignored"
            })
    void computesWhatTheProductsOfTheFactorsCompute(String spec) {
        OnnxModel graph = stories();
        OnnxModel low = apply(graph, spec);
        OnnxModel merged = merged(graph, low);
        assertThat(distance(logits(merged, 512), logits(graph, 512))).isGreaterThan(1);
        assertClose(logits(low, 512), logits(merged, 512));
    }

    @Test
    void worksOnAnImportedDecoderWithBiases() throws IOException {
        OnnxModel graph =
                OnnxModel.read(Path.of("src/test/resources/tiny-onnx-decoders/gpt2/past.onnx"));
        OnnxModel low =
                new Pipeline(Passes.create(List.of("low-rank:parameters=0.9,dense=0")))
                        .apply(graph, calibration(1000), pass -> {})
                        .graph();
        assertThat(Anatomy.of(low).parameters()).isLessThan(Anatomy.of(graph).parameters());
        assertClose(logits(low, 1000), logits(merged(graph, low), 1000));
    }

    @Test
    void leavesOutAsManyParametersAsItSays() {
        OnnxModel graph = stories();
        Pipeline.Result result =
                new Pipeline(Passes.create(List.of("low-rank:parameters=0.5")))
                        .apply(graph, calibration(512), pass -> {});
        Map<String, Object> facts = result.reports().get(0).facts();
        long before = (Long) facts.get("parametersBefore");
        long after = (Long) facts.get("parametersAfter");
        assertThat(before).isEqualTo(4L * 3 * 64 * 172);
        assertThat(after).isBetween((long) (0.4 * before), (long) (0.5 * before));
        assertThat(Anatomy.of(graph).parameters() - Anatomy.of(result.graph()).parameters())
                .isEqualTo(before - after);
    }

    @Test
    void calibrationLowersTheErrorOnTextLikeIt() {
        OnnxModel graph = stories();
        float[] exact = logits(graph, 512);
        double aware = distance(exact, logits(apply(graph, "low-rank:parameters=0.6"), 512));
        double plain =
                distance(
                        exact, logits(apply(graph, "low-rank:parameters=0.6,inputs=ignored"), 512));
        assertThat(aware).isLessThan(plain);
    }

    @Test
    void leavesTheOriginalAsItWas() {
        OnnxModel graph = stories();
        String before = graph.fingerprint();
        apply(graph, "low-rank");
        assertThat(graph.fingerprint()).isEqualTo(before);
    }

    @Test
    void refusesWhatItCannotDo() {
        OnnxModel graph = stories();
        Pass pass = Passes.create(PassSpec.parse("low-rank"));
        assertThatThrownBy(() -> pass.apply(graph, null))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("expected a calibration text, found none");
        OnnxModel quantised = Models.graph(STORIES, LoadOptions.defaults());
        assertThatThrownBy(() -> pass.apply(quantised, calibration(512)))
                .hasMessageContaining("feed-forward.1: expected products with matrices of 32-bit");
        assertThatThrownBy(() -> apply(graph, "low-rank:parameters=0.1"))
                .hasMessageContaining("expected a share of at least 0.")
                .hasMessageContaining("found 0.1");
        assertThatThrownBy(() -> apply(graph, "low-rank:dense=9"))
                .hasMessageContaining("behind the first 9 layers, found 5 layers");
        assertThatThrownBy(() -> apply(graph, "low-rank:rank=3"))
                .hasMessageContaining("found rank");
        OnnxModel once = apply(graph, "low-rank");
        assertThatThrownBy(() -> apply(once, "low-rank:parameters=0.4"))
                .hasMessageContaining("applied to already");
    }

    private static OnnxModel stories() {
        return Models.graph(STORIES, LoadOptions.defaults().withPrecision(Precision.FP32));
    }

    private static OnnxModel apply(OnnxModel graph, String spec) {
        return new Pipeline(Passes.create(List.of(spec)))
                .apply(graph, calibration(512), pass -> {})
                .graph();
    }

    private static Calibration calibration(int vocabulary) {
        int[] tokens = new Random(3).ints(2000, 3, vocabulary).toArray();
        return Calibration.cut(tokens, new int[] {1}, 4, 64, ONE_THREAD);
    }

    /** The original graph with each replaced matrix multiplied out from its factors. */
    private static OnnxModel merged(OnnxModel graph, OnnxModel low) {
        OnnxModel merged = graph.copy();
        low.nodes().stream()
                .filter(node -> node.getInputCount() > 1)
                .filter(node -> node.getInput(1).endsWith("low_rank.outer.weight"))
                .forEach(
                        node -> {
                            Tensor u = low.initializers().get(node.getInput(1));
                            String inner = low.producer(node.getInput(0)).orElseThrow().getInput(1);
                            Tensor v = low.initializers().get(inner);
                            String weight =
                                    graph.producer(node.getOutput(0)).orElseThrow().getInput(1);
                            boolean transposed =
                                    node.getAttributeList().stream()
                                            .anyMatch(
                                                    a ->
                                                            a.getName().equals("transB")
                                                                    && a.getI() == 1);
                            merged.initializers()
                                    .put(weight, transposed ? product(u, v) : product(v, u));
                        });
        return merged;
    }

    private static Tensor product(Tensor a, Tensor b) {
        int rows = a.shape().get(0).intValue();
        int middle = a.shape().get(1).intValue();
        int columns = b.shape().get(1).intValue();
        FloatBuffer left = a.data().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        FloatBuffer right = b.data().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        ByteBuffer data =
                ByteBuffer.allocateDirect(rows * columns * Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                double sum = 0;
                for (int k = 0; k < middle; k++) {
                    sum += (double) left.get(r * middle + k) * right.get(k * columns + c);
                }
                data.putFloat((r * columns + c) * Float.BYTES, (float) sum);
            }
        }
        return new Tensor(ElementType.FLOAT, List.of((long) rows, (long) columns), data);
    }

    private static float[] logits(OnnxModel graph, int vocabulary) {
        int[] tokens = calibration(vocabulary).sequences().get(1);
        try (GraphProbe probe = GraphProbe.open(graph, List.of("logits"), ONE_THREAD)) {
            return probe.run(
                    tokens,
                    Map.of(),
                    values -> {
                        FloatBuffer logits = values.get("logits").floats();
                        float[] copy = new float[logits.remaining()];
                        logits.get(copy);
                        return copy;
                    });
        }
    }

    private static void assertClose(float[] found, float[] expected) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(found[i]).isCloseTo(expected[i], within(2e-3f));
        }
    }

    private static double distance(float[] one, float[] other) {
        double sum = 0;
        for (int i = 0; i < one.length; i++) {
            sum += (one[i] - other[i]) * (double) (one[i] - other[i]);
        }
        return sum;
    }
}
