package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GateNotes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sub-layers behind switches, against the plain graph whose last products are zeros. */
class SwitchPassTest {
    @TempDir Path directory;

    @ParameterizedTest
    @CsvSource({
        "LlamaForCausalLM, FP32", "LlamaForCausalLM, INT8", "LlamaForCausalLM, INT4",
        "Qwen2ForCausalLM, INT8", "Qwen3ForCausalLM, FP32", "MistralForCausalLM, FP32"
    })
    void eachSubLayerThatIsOffAddsNothing(String architecture, Precision precision)
            throws IOException {
        RandomModel drawn = NestedModels.drawn(architecture, 41);
        OnnxModel plain = NestedModels.built(drawn, directory, precision);
        List<SubLayerName> all = all();
        OnnxModel switched = apply(plain, new SwitchPass(all));
        assertThat(GateNotes.read(switched.metadata()).switched()).isEqualTo(all);
        int[] tokens = drawn.tokens(10);
        float[] whole = Probed.logits(plain, tokens);
        Probed.assertSame(Probed.logits(switched, tokens), whole, "all on, %s".formatted(drawn));
        for (int off = 0; off < all.size(); off++) {
            float[] gates = new float[all.size()];
            Arrays.fill(gates, 1);
            gates[off] = 0;
            float[] found = Probed.logits(switched, tokens, Map.of(Effort.GATES, gates));
            String matrix =
                    "model.layers.%d.%s.weight"
                            .formatted(
                                    all.get(off).layer(),
                                    all.get(off).kind() == SubLayer.Kind.ATTENTION
                                            ? "self_attn.o_proj"
                                            : "mlp.down_proj");
            OnnxModel zero =
                    Masked.columns(plain, name -> name.startsWith(matrix), (name, column) -> true);
            assertThat(found)
                    .as("%s off, %s", all.get(off), drawn)
                    .isEqualTo(Probed.logits(zero, tokens));
            assertThat(Probed.distance(found, whole)).isGreaterThan(1e-3);
        }
    }

    @Test
    void weightsStayOutsideOfTheBranches() throws IOException {
        OnnxModel plain =
                NestedModels.built(
                        NestedModels.drawn("LlamaForCausalLM", 42), directory, Precision.INT8);
        OnnxModel switched = apply(plain, new SwitchPass(all()));
        plain.initializers()
                .forEach((name, t) -> assertThat(switched.initializers().get(name)).isSameAs(t));
        assertThat(switched.initializers().keySet())
                .filteredOn(name -> !plain.initializers().containsKey(name))
                .hasSize(2 * NestedModels.LAYERS)
                .allMatch(name -> name.startsWith("gates.index."));
    }

    @Test
    void feedForwardsOfAnExportAreSwitched() throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 43);
        OnnxModel plain = NestedModels.exported(drawn, directory);
        OnnxModel switched =
                apply(plain, create("switch:sub-layers=(feed-forward.2,feed-forward.0)"));
        int[] tokens = drawn.tokens(10);
        Probed.assertSame(Probed.logits(switched, tokens), Probed.logits(plain, tokens), "");
        OnnxModel zero =
                Masked.columns(
                        plain,
                        name -> name.equals("model.layers.2.mlp.down_proj.weight"),
                        (name, column) -> true);
        Probed.assertSame(
                Probed.logits(switched, tokens, Map.of(Effort.GATES, new float[] {0, 1})),
                Probed.logits(zero, tokens),
                "");
    }

    @Test
    void refusesAttentionWhosePastGrows() throws IOException {
        for (ExportedDecoder.Variant[] variants :
                new ExportedDecoder.Variant[][] {
                    {}, {ExportedDecoder.Variant.ATTENTION_OPERATOR}
                }) {
            OnnxModel plain =
                    NestedModels.exported(
                            NestedModels.drawn("LlamaForCausalLM", 44), directory, variants);
            assertThatThrownBy(() -> apply(plain, create("switch:sub-layers=attention.1")))
                    .isInstanceOf(PassException.class)
                    .hasMessageContaining("attention.1: expected keys and values in place");
        }
    }

    @Test
    void refusesWhatItCannotDo() throws IOException {
        OnnxModel plain =
                NestedModels.built(
                        NestedModels.drawn("LlamaForCausalLM", 45), directory, Precision.FP32);
        assertThatThrownBy(() -> apply(plain, create("switch:sub-layers=feed-forward.3")))
                .isInstanceOf(PassException.class)
                .hasMessageContaining(
                        "feed-forward.3: expected such a sub-layer, found none: the model has layers")
                .hasMessageContaining("[0, 1, 2]");
        OnnxModel once = apply(plain, create("switch:sub-layers=feed-forward.1"));
        assertThatThrownBy(() -> create("switch:sub-layers=feed-forward.2").apply(once, null))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("begin with the original model");
        OnnxModel merged =
                NestedModels.exported(
                        NestedModels.drawn("LlamaForCausalLM", 46),
                        directory,
                        ExportedDecoder.Variant.MERGED);
        assertThatThrownBy(() -> apply(merged, create("switch:sub-layers=feed-forward.1")))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("feed-forward.1")
                .hasMessageContaining("outermost graph");
    }

    @Test
    void refusesKnobsThatSayNothing() {
        assertThatThrownBy(() -> create("switch"))
                .hasMessageContaining("sub-layers: expected names");
        assertThatThrownBy(() -> create("switch:sub-layers=mlp.3"))
                .hasMessageContaining("found mlp.3");
        assertThatThrownBy(() -> create("switch:sub-layers=(attention.1,attention.1)"))
                .hasMessageContaining("each once");
        assertThat(create("switch:sub-layers=(feed-forward.3,attention.5)").spec().toString())
                .isEqualTo("switch:sub-layers=(feed-forward.3,attention.5)");
    }

    private static List<SubLayerName> all() {
        List<SubLayerName> all = new ArrayList<>();
        for (int i = 0; i < NestedModels.LAYERS; i++) {
            all.add(new SubLayerName(SubLayer.Kind.ATTENTION, i));
            all.add(new SubLayerName(SubLayer.Kind.FEED_FORWARD, i));
        }
        return all;
    }

    private static Pass create(String text) {
        return Passes.create(PassSpec.parse(text));
    }

    private static OnnxModel apply(OnnxModel graph, Pass pass) {
        return new Pipeline(List.of(pass)).apply(graph, null, p -> {}).graph();
    }
}
