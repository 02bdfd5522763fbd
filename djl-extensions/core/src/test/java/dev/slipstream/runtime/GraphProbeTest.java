package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.nio.FloatBuffer;
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

    private static float[] floats(FloatBuffer buffer) {
        float[] copy = new float[buffer.remaining()];
        buffer.get(copy);
        return copy;
    }
}
