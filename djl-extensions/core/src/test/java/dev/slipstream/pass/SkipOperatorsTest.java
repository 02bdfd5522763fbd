package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.SkipOperators;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The native operators take the places of the nodes that the pass writes, and of no others. */
class SkipOperatorsTest {
    private static final int LAYERS = 8;

    @TempDir Path directory;

    @Test
    void twoNodesALayerStandForAllTheOthers() throws IOException {
        RandomModel random = SkippableModels.random(1, LAYERS);
        random.write(directory);
        Path file = directory.resolve("exported.onnx");
        ExportedDecoder.write(directory, file, EnumSet.noneOf(ExportedDecoder.Variant.class));
        for (OnnxModel graph :
                List.of(SkippableModels.graph(directory, Precision.INT4), OnnxModel.read(file))) {
            OnnxModel gated = SkippableModels.gated(graph, 1, 7);
            int before = gated.nodes().size();
            OnnxModel natively = SkipOperators.of(gated);
            assertThat(gated.nodes()).hasSize(before);
            natively.validate();
            assertThat(natively.nodes())
                    .noneMatch(node -> List.of("Compress", "ScatterND").contains(node.getOpType()));
            // Of layers 2 to 6 two each; one that layer 1 sets off with; one for the mask.
            assertThat(
                            natively.nodes().stream()
                                    .filter(node -> node.getDomain().equals("dev.slipstream")))
                    .hasSize(2 * 5 + 2);
            assertThat(natively.inputs()).isEqualTo(gated.inputs());
            assertThat(natively.outputs()).isEqualTo(gated.outputs());
        }
        OnnxModel graph = SkippableModels.graph(directory, Precision.INT4);
        OnnxModel gated = SkippableModels.gated(graph, 1, 7);
        assertThat(SkipOperators.of(gated).nodes().size() - graph.nodes().size())
                .isEqualTo(2 * 5 + 2);
    }

    @Test
    void whatHasAnotherFormStaysAsItIs() throws IOException {
        SkippableModels.random(2, LAYERS).write(directory);
        OnnxModel graph = SkippableModels.graph(directory, Precision.FP32);
        assertThat(SkipOperators.of(graph)).isSameAs(graph);
        OnnxModel gated = SkippableModels.gated(graph, 1, 7);
        // Each of them says something else than the operators would do.
        for (List<String> change :
                List.of(
                        List.of("layers.3.skip.near", "Greater", "GreaterOrEqual"),
                        List.of("layers.4.skip.runs", "LessOrEqual", "Less"),
                        List.of("layers.4.skip.product", "Mul", "Add"),
                        List.of("layers.5.skip.dot", "ReduceSum", "ReduceMean"))) {
            OnnxModel changed = gated.copy();
            changed.replaceNodes(
                    node ->
                            List.of(
                                    node.getOutput(0).equals(change.get(0))
                                                    && node.getOpType().equals(change.get(1))
                                            ? node.toBuilder().setOpType(change.get(2)).build()
                                            : node));
            assertThat(changed.nodes()).as("%s", change).isNotEqualTo(gated.nodes());
            assertThat(SkipOperators.of(changed)).as("%s", change).isSameAs(changed);
        }
        OnnxModel renumbered = gated.copy();
        renumbered
                .initializers()
                .put("skip.layer.2", renumbered.initializers().get("skip.layer.3"));
        assertThat(SkipOperators.of(renumbered)).isSameAs(renumbered);
    }
}
