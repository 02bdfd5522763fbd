package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GateNotes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One graph of all widths, against the plain graph and against slices. */
class ElasticPassTest {
    private static final ElasticPass PASS = new ElasticPass(List.of(), Training.NESTED);

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(Precision.class)
    void fullWidthIsTheSameToTheLastBit(Precision precision) throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 31);
        OnnxModel plain = NestedModels.built(drawn, directory, precision);
        OnnxModel elastic = apply(plain, PASS).graph();
        for (int rows : new int[] {1, 2, 7, 24}) {
            int[] tokens = drawn.tokens(rows);
            Probed.assertSame(
                    Probed.logits(elastic, tokens),
                    Probed.logits(plain, tokens),
                    "%d rows of %s".formatted(rows, drawn));
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void everyWidthVectorIsItsSlice(Precision precision) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        RandomModel drawn = NestedModels.drawn("Qwen2ForCausalLM", 32);
        OnnxModel plain = NestedModels.built(drawn, directory, precision);
        OnnxModel elastic = apply(plain, PASS).graph();
        int[] tokens = drawn.tokens(9);
        for (int round = 0; round < 8; round++) {
            int uniform = round;
            List<Integer> levels =
                    IntStream.range(0, NestedModels.LAYERS)
                            .mapToObj(i -> uniform < 3 ? uniform : random.nextInt(3))
                            .toList();
            Probed.assertSame(
                    Probed.logits(elastic, tokens, levels),
                    Probed.logits(slice(plain, levels, Training.NESTED), tokens),
                    "levels %s, seed %d, %s".formatted(levels, seed, drawn));
        }
    }

    @Test
    void anExportGetsWidths() throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 33);
        OnnxModel plain = NestedModels.exported(drawn, directory);
        check(plain, drawn.tokens(9));
    }

    @ParameterizedTest
    @EnumSource(NestedModels.Gelu.class)
    void biasedGeluGetsWidths(NestedModels.Gelu form) {
        check(NestedModels.gelu(34, form), NestedModels.tokens(9));
    }

    private static void check(OnnxModel plain, int[] tokens) {
        OnnxModel elastic =
                apply(plain, new ElasticPass(NestedModels.WIDTHS, Training.ANY)).graph();
        Probed.assertSame(Probed.logits(elastic, tokens), Probed.logits(plain, tokens), "");
        for (List<Integer> levels : List.of(List.of(0, 0, 0), List.of(1, 0, 2), List.of(0, 1, 1))) {
            assertThat(
                            Probed.distance(
                                    Probed.logits(elastic, tokens, levels),
                                    Probed.logits(slice(plain, levels, Training.ANY), tokens)))
                    .isLessThan(1e-5);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void onlyColumnsOfNarrowWidthsAreThereTwice(Precision precision) throws IOException {
        OnnxModel plain =
                NestedModels.built(
                        NestedModels.drawn("LlamaForCausalLM", 35), directory, precision);
        Pipeline.Result result = apply(plain, PASS);
        long down = bytes(plain, "mlp.down_proj");
        long expected = down * (32 + 64) / 128;
        assertThat(bytes(result.graph(), "") - bytes(plain, "")).isEqualTo(expected);
        assertThat(result.reports().get(0).facts()).containsEntry("extraBytes", expected);
    }

    private static long bytes(OnnxModel graph, String named) {
        return graph.initializers().entrySet().stream()
                .filter(entry -> entry.getKey().contains(named))
                .filter(entry -> !entry.getKey().startsWith("elastic."))
                .mapToLong(entry -> entry.getValue().data().remaining())
                .sum();
    }

    @Test
    void anElasticLayerHasFewNodes() throws IOException {
        OnnxModel plain =
                NestedModels.built(
                        NestedModels.drawn("LlamaForCausalLM", 36), directory, Precision.FP32);
        OnnxModel elastic = apply(plain, PASS).graph();
        // Of a layer's five nodes, the first chunk's gate, up and their Concat and two Ifs are
        // left. For the graph: Reshape, Greater, Reshape, Split.
        assertThat(elastic.nodes()).hasSize(plain.nodes().size() + 4);
        OnnxModel int8 =
                NestedModels.built(
                        NestedModels.drawn("LlamaForCausalLM", 36), directory, Precision.INT8);
        // In blocks of integers gate and up of a chunk are one product.
        assertThat(apply(int8, PASS).graph().nodes())
                .hasSize(int8.nodes().size() + 4 - 2 * NestedModels.LAYERS);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void noGateIsInAnother(Precision precision) throws IOException {
        OnnxModel plain =
                NestedModels.built(
                        NestedModels.drawn("LlamaForCausalLM", 36), directory, precision);
        SwitchPass feedForward =
                new SwitchPass(List.of(new SubLayerName(SubLayer.Kind.FEED_FORWARD, 1)));
        OnnxModel both =
                new Pipeline(List.of(PASS, feedForward)).apply(plain, null, pass -> {}).graph();
        List<NodeProto> gates =
                both.nodes().stream().filter(node -> node.getOpType().equals("If")).toList();
        assertThat(gates).hasSize(2 * NestedModels.LAYERS + 1);
        assertThat(gates.stream().flatMap(gate -> gate.getAttributeList().stream()))
                .flatMap(branch -> branch.getG().getNodeList())
                .noneMatch(node -> node.getOpType().equals("If"));
    }

    @Test
    void theModelSaysItsWidths() throws IOException {
        OnnxModel plain =
                NestedModels.built(
                        NestedModels.drawn("LlamaForCausalLM", 37), directory, Precision.INT8);
        OnnxModel elastic = apply(plain, PASS).graph();
        assertThat(GateNotes.read(elastic.metadata()).widths()).containsExactly(32, 64, 128);
        Pass two = Passes.create(PassSpec.parse("elastic:widths=(96,128)"));
        assertThat(GateNotes.read(apply(plain, two).graph().metadata()).widths())
                .containsExactly(96, 128);
        assertThat(two.spec().toString()).isEqualTo("elastic:widths=(96,128)");
    }

    @Test
    void widthsOfFeedForwardsAndSwitchesOfAttention() throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 38);
        OnnxModel plain = NestedModels.built(drawn, directory, Precision.INT8);
        SwitchPass attention =
                new SwitchPass(List.of(new SubLayerName(SubLayer.Kind.ATTENTION, 1)));
        OnnxModel both =
                new Pipeline(List.of(PASS, attention)).apply(plain, null, pass -> {}).graph();
        int[] tokens = drawn.tokens(8);
        Probed.assertSame(Probed.logits(both, tokens), Probed.logits(plain, tokens), "");
        OnnxModel sliced = slice(plain, List.of(0, 1, 2), Training.NESTED);
        float[] off = {0};
        float[] widths = {0, 1, 2};
        Probed.assertSame(
                Probed.logits(both, tokens, Map.of(Effort.WIDTHS, widths, Effort.GATES, off)),
                Probed.logits(apply(sliced, attention).graph(), tokens, Map.of(Effort.GATES, off)),
                "");
    }

    @Test
    void switchesOfFeedForwardsAroundWidths() throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 38);
        OnnxModel plain = NestedModels.built(drawn, directory, Precision.INT8);
        SwitchPass feedForward =
                new SwitchPass(List.of(new SubLayerName(SubLayer.Kind.FEED_FORWARD, 1)));
        OnnxModel both =
                new Pipeline(List.of(PASS, feedForward)).apply(plain, null, pass -> {}).graph();
        int[] tokens = drawn.tokens(8);
        Probed.assertSame(Probed.logits(both, tokens), Probed.logits(plain, tokens), "");
        float[] widths = {0, 1, 2};
        for (float[] gate : new float[][] {{0}, {1}}) {
            Probed.assertSame(
                    Probed.logits(both, tokens, Map.of(Effort.WIDTHS, widths, Effort.GATES, gate)),
                    Probed.logits(
                            apply(slice(plain, List.of(0, 1, 2), Training.NESTED), feedForward)
                                    .graph(),
                            tokens,
                            Map.of(Effort.GATES, gate)),
                    "");
        }
        assertThatThrownBy(
                        () ->
                                new Pipeline(List.of(feedForward, PASS))
                                        .apply(plain, null, pass -> {}))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("layer 1")
                .hasMessageContaining("If");
    }

    @Test
    void refusesWhatItCannotDo() throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 39);
        OnnxModel int8 = NestedModels.built(drawn, directory, Precision.INT8);
        assertThatThrownBy(() -> apply(int8, new ElasticPass(List.of(40, 128), Training.NESTED)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("layer 0")
                .hasMessageContaining("a multiple of 32");
        assertThatThrownBy(() -> apply(int8, new ElasticPass(List.of(32, 64), Training.NESTED)))
                .hasMessageContaining("layer 0: expected a feed-forward of 64 neurons")
                .hasMessageContaining("found 128");
        assertThatThrownBy(
                        () -> apply(int8, new ElasticPass(List.of(64, 32, 128), Training.NESTED)))
                .hasMessageContaining("rising widths");
        OnnxModel once = apply(int8, PASS).graph();
        assertThatThrownBy(() -> PASS.apply(once, null))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("begin with the original model");
        OnnxModel mixed = slice(int8, List.of(0, 1, 2), Training.NESTED);
        assertThatThrownBy(() -> apply(mixed, PASS))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("layer 1");
        assertThatThrownBy(
                        () ->
                                apply(
                                        NestedModels.gelu(1, NestedModels.Gelu.FUSED),
                                        new ElasticPass(List.of(), Training.NESTED)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("untrained=true");
    }

    private static OnnxModel slice(OnnxModel graph, List<Integer> levels, Training training) {
        List<Integer> widths = levels.stream().map(NestedModels.WIDTHS::get).toList();
        return apply(graph, new SlicePass(new Width.Each(widths), training)).graph();
    }

    private static Pipeline.Result apply(OnnxModel graph, Pass pass) {
        return new Pipeline(List.of(pass)).apply(graph, null, p -> {});
    }
}
