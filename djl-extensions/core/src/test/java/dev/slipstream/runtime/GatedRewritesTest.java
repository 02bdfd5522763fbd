package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Passes;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rewrites that a session applies to its graph find attention inside of gates too. */
class GatedRewritesTest {
    @TempDir Path directory;

    @Test
    void nativeAttentionInGates() throws IOException {
        OnnxModel ragged =
                RaggedAttention.of(gated(), 64, new RuntimeOptions(1, Spinning.OFF, 1, 2));
        assertThat(ragged).isNotNull();
        ragged.validate();
        assertThat(nodes(ragged.nodes()).map(NodeProto::getOpType))
                .contains("RaggedAttention", "If")
                .doesNotContain("GroupQueryAttention");
        assertThat(ragged.inputs().stream().map(input -> input.getName()))
                .contains(Effort.GATES, Effort.WIDTHS)
                .noneMatch(name -> name.startsWith("past_key_values"));
        assertThat(ragged.outputs()).hasSize(1);
        assertThat(
                        nodes(ragged.nodes())
                                .flatMap(node -> node.getOutputList().stream())
                                .filter(name -> name.startsWith("present.")))
                .isEmpty();
    }

    @Test
    void pairedRowsInGates() throws IOException {
        OnnxModel gated = gated();
        OnnxModel paired = PairedRows.of(gated);
        paired.validate();
        int[] tokens = {3, 5, 7};
        float[] gates = {0, 1, 1};
        float[] widths = {0, 1, 1};
        Map<String, float[]> efforts = Map.of(Effort.GATES, gates, Effort.WIDTHS, widths);
        Map<String, float[]> rows = new HashMap<>(efforts);
        rows.put(PairedRows.ROWS, new float[] {0, 1, 2});
        rows.put(PairedRows.KEPT, new float[] {0, 1, 2});
        assertThat(logits(paired, tokens, rows)).isEqualTo(logits(gated, tokens, efforts));
    }

    private OnnxModel gated() throws IOException {
        ModelFiles files =
                ModelFiles.of(
                        new RandomModel("LlamaForCausalLM", 5)
                                .with("num_hidden_layers", "3")
                                .with("intermediate_size", "128")
                                .with("slipstream", "{\"ffn_granularities\": [32, 128]}")
                                .write(directory));
        OnnxModel graph =
                DecoderGraphs.write(
                        "tested",
                        DecoderConfig.read(files),
                        SafeTensors.read(files),
                        Precision.INT8,
                        64);
        OnnxModel elastic = apply(graph, "elastic");
        return apply(elastic, "switch:sub-layers=(attention.1,attention.2,attention.0)");
    }

    private static OnnxModel apply(OnnxModel graph, String pass) {
        return Passes.create(PassSpec.parse(pass)).apply(graph, null).graph();
    }

    private static Stream<NodeProto> nodes(List<NodeProto> nodes) {
        return nodes.stream()
                .flatMap(
                        node ->
                                Stream.concat(
                                        Stream.of(node),
                                        node.getAttributeList().stream()
                                                .map(attribute -> attribute.getG())
                                                .map(GraphProto::getNodeList)
                                                .flatMap(GatedRewritesTest::nodes)));
    }

    private static float[] logits(OnnxModel graph, int[] tokens, Map<String, float[]> extra) {
        try (GraphProbe probe =
                GraphProbe.open(graph, List.of("logits"), RuntimeOptions.defaults())) {
            return probe.run(
                    tokens,
                    extra,
                    values -> {
                        FloatBuffer floats = values.get("logits").floats();
                        float[] copy = new float[floats.remaining()];
                        floats.get(copy);
                        return copy;
                    });
        }
    }
}
