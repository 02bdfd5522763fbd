package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.Tensor;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphProbeTest {
    private static final int[] TOKENS = {1, 30, 40, 50, 60, 70, 80};

    @Test
    void showsTheLogitsThatASessionComputes() {
        OnnxModel graph =
                Models.graph(
                        "src/test/resources/stories260k",
                        LoadOptions.defaults().withPrecision(Precision.FP32));
        float[] probed;
        try (GraphProbe probe =
                GraphProbe.open(graph, List.of("logits"), RuntimeOptions.defaults())) {
            probed = probe.run(TOKENS, Map.of(), values -> floats(values.get("logits").floats()));
        }
        try (DecoderModel model = DecoderModel.open(graph, 64, RuntimeOptions.defaults());
                DecoderSession session = model.newSession()) {
            Logits logits = session.forward(TOKENS, LogitRows.ALL);
            for (int row = 0; row < TOKENS.length; row++) {
                for (int i = 0; i < model.vocabularySize(); i++) {
                    assertThat(probed[row * model.vocabularySize() + i])
                            .isCloseTo(logits.row(row).get(i), within(1e-4f));
                }
            }
        }
    }

    @Test
    void showsInnerValues() {
        OnnxModel graph = Models.graph("src/test/resources/stories260k", LoadOptions.defaults());
        SubLayer last = Anatomy.of(graph).layers().get(4).subLayers().get(1);
        try (GraphProbe probe =
                GraphProbe.open(graph, List.of(last.output()), RuntimeOptions.defaults())) {
            List<Long> shape =
                    probe.run(TOKENS, Map.of(), values -> values.get(last.output()).shape());
            assertThat(shape).containsExactly(1L, (long) TOKENS.length, 64L);
        }
    }

    @Test
    void saysThatNotesOnGatesAreDamaged() {
        OnnxModel graph = Models.graph("src/test/resources/stories260k", LoadOptions.defaults());
        graph.metadata().put("slipstream.widths", "64,wide");
        assertThatThrownBy(
                        () -> GraphProbe.open(graph, List.of("logits"), RuntimeOptions.defaults()))
                .isInstanceOf(InferenceException.class)
                .hasMessageStartingWith("the model's metadata on its gates")
                .hasMessageContaining("wide");
    }

    /** An inner value of an export whose types are nowhere written down. */
    @Test
    void widensInnerValuesOf16Bits() throws IOException {
        OnnxModel graph =
                OnnxModel.read(
                        Path.of(
                                "src/test/resources/tiny-onnx-decoders/qwen35-gqa-fp16/decoder.onnx"));
        String stream = Anatomy.of(graph).layers().get(0).subLayers().get(0).input();
        Tensor table = graph.initializers().get(graph.producer(stream).orElseThrow().getInput(0));
        assertThat(table.type()).isEqualTo(ElementType.FLOAT16);
        int hidden = Math.toIntExact(table.shape().get(1));
        try (GraphProbe probe =
                GraphProbe.open(graph, List.of(stream), RuntimeOptions.defaults())) {
            float[] shown =
                    probe.run(TOKENS, Map.of(), values -> floats(values.get(stream).floats()));
            assertThat(shown).hasSize(TOKENS.length * hidden);
            for (int i = 0; i < shown.length; i++) {
                int at = TOKENS[i / hidden] * hidden + i % hidden;
                short bits = table.data().getShort(at * Short.BYTES);
                assertThat(shown[i]).isEqualTo(HalfFloats.toFloat(bits));
            }
        }
    }

    private static float[] floats(FloatBuffer buffer) {
        float[] copy = new float[buffer.remaining()];
        buffer.get(copy);
        return copy;
    }
}
