package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.Tensor;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Slices, against the whole model whose other neurons are masked. */
class SlicePassTest {
    @TempDir Path directory;

    static Stream<Arguments> widths() {
        Random random = new Random();
        List<Integer> mixed =
                IntStream.range(0, NestedModels.LAYERS)
                        .mapToObj(i -> 32 * (1 + random.nextInt(4)))
                        .toList();
        return Stream.of(Precision.values())
                .flatMap(
                        precision ->
                                Stream.of(List.of(32), List.of(96), List.of(64, 128, 32), mixed)
                                        .map(widths -> Arguments.of(precision, widths)));
    }

    @ParameterizedTest
    @MethodSource("widths")
    void aSliceIsTheModelWithoutTheOtherNeurons(Precision precision, List<Integer> widths)
            throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 11);
        OnnxModel whole = NestedModels.built(drawn, directory, precision);
        OnnxModel masked = masked(whole, each(widths), precision == Precision.FP32 ? 1 : 32);
        int[] tokens = drawn.tokens(12);
        float[] sliced = Probed.logits(slice(whole, widths), tokens);
        // An activation may round to the next of 255 steps once sums differ in the last bit.
        assertThat(Probed.distance(sliced, Probed.logits(masked, tokens)))
                .as("%s %s", widths, drawn)
                .isLessThan(precision == Precision.FP32 ? 1e-5 : 0.3);
        assertThat(Probed.distance(sliced, Probed.logits(whole, tokens))).isGreaterThan(0.5);
    }

    @Test
    void aSliceOfAnExportIsTheExportWithoutTheOtherNeurons() throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 12);
        OnnxModel whole = NestedModels.exported(drawn, directory);
        List<Integer> widths = List.of(64, 31, 128);
        int[] tokens = drawn.tokens(12);
        float[] sliced =
                Probed.logits(
                        apply(whole, new SlicePass(new Width.Each(widths), Training.ANY)).graph(),
                        tokens);
        assertThat(Probed.distance(sliced, Probed.logits(masked(whole, widths, 1), tokens)))
                .isLessThan(1e-5);
    }

    @ParameterizedTest
    @EnumSource(NestedModels.Gelu.class)
    void biasedGeluIsSlicedWithItsInnerBiasAndKeepsTheOuter(NestedModels.Gelu form) {
        OnnxModel whole = NestedModels.gelu(3, form);
        List<Integer> widths = List.of(16, 128, 77);
        OnnxModel masked = whole.copy();
        for (int i = 0; i < widths.size(); i++) {
            int width = widths.get(i);
            Tensor down = whole.initializers().get("layers." + i + ".down");
            Tensor kept = NestedModels.floats(new Random(0), 0, 128, 48);
            for (int j = 0; j < width * 48; j++) {
                kept.data().putFloat(j * 4, down.data().getFloat(j * 4));
            }
            masked.initializers().put("layers." + i + ".down", kept);
        }
        int[] tokens = NestedModels.tokens(9);
        OnnxModel sliced =
                apply(whole, new SlicePass(new Width.Each(widths), Training.ANY)).graph();
        assertThat(Probed.distance(Probed.logits(sliced, tokens), Probed.logits(masked, tokens)))
                .isLessThan(1e-5);
        assertThat(Anatomy.of(whole).parameters() - Anatomy.of(sliced).parameters())
                .isEqualTo((112 + 51) * (48L + 48 + 1));
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void fullWidthIsTheSameModelToTheLastBit(Precision precision) throws IOException {
        RandomModel drawn = NestedModels.drawn("Qwen2ForCausalLM", 13);
        OnnxModel whole = NestedModels.built(drawn, directory, precision);
        OnnxModel same = slice(whole, List.of(128));
        assertThat(same.nodes()).containsExactlyInAnyOrderElementsOf(whole.nodes());
        same.initializers()
                .forEach((name, t) -> assertThat(t).isSameAs(whole.initializers().get(name)));
        OnnxModel mixed = slice(whole, List.of(32, 128, 64));
        for (String part : List.of("gate_proj", "up_proj", "down_proj")) {
            whole.initializers()
                    .forEach(
                            (name, tensor) -> {
                                if (name.contains("layers.1.mlp." + part)) {
                                    assertThat(mixed.initializers().get(name)).isSameAs(tensor);
                                }
                                if (name.contains("layers.0.mlp." + part)) {
                                    assertThat(mixed.initializers()).doesNotContainKey(name);
                                }
                            });
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void parametersAreCountedToTheUnit(Precision precision) throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 14).with("hidden_size", "64");
        OnnxModel whole = NestedModels.built(drawn, directory, precision);
        OnnxModel sliced = slice(whole, List.of(32, 64, 128));
        // A row of gate, one of up, a column of down.
        long neuron = 3 * 64;
        assertThat(Anatomy.of(sliced).parameters())
                .isEqualTo(Anatomy.of(whole).parameters() - (96 + 64) * neuron);
        for (Layer layer : Anatomy.of(sliced).layers()) {
            SubLayer feedForward = layer.feedForward().orElseThrow();
            int width = List.of(32, 64, 128).get(layer.index());
            assertThat(feedForward.parameters()).isEqualTo(width * neuron);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"INT8", "INT4"})
    void aQuantisedSliceIsTheSliceQuantised(Precision precision) throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 15);
        OnnxModel whole = NestedModels.built(drawn, directory, precision);
        OnnxModel sliced = slice(whole, List.of(64));
        Path other =
                NestedModels.drawn("LlamaForCausalLM", 15)
                        .with("intermediate_size", "64")
                        .with("slipstream", "{}")
                        .write(directory.resolve("narrow"));
        ModelFiles files = ModelFiles.of(directory);
        DecoderConfig config = DecoderConfig.read(files);
        OnnxModel plain =
                DecoderGraphs.write("tested", config, SafeTensors.read(files), Precision.FP32, 64);
        OnnxModel narrow = slice(plain, List.of(64));
        // The same weights, sliced before they are rounded.
        OnnxModel expected =
                DecoderGraphs.write(
                        "tested",
                        DecoderConfig.read(ModelFiles.of(other)),
                        new SlicedWeights(SafeTensors.read(files), narrow),
                        precision,
                        64);
        int[] tokens = drawn.tokens(12);
        Probed.assertSame(Probed.logits(sliced, tokens), Probed.logits(expected, tokens), "");
    }

    @Test
    void theBudgetIsMetAsCloseAsCanBe() throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 16);
        OnnxModel whole = NestedModels.built(drawn, directory, Precision.FP32);
        long all = Anatomy.of(whole).parameters();
        PassReport half = apply(whole, create("slice:parameters=0.5")).reports().get(0);
        assertThat(half.facts()).containsEntry("widths", List.of(64, 64, 64));
        PassReport some = apply(whole, create("slice:parameters=" + (all - 1))).reports().get(0);
        assertThat(some.facts()).containsEntry("widths", List.of(64, 128, 128));
        PassReport none = apply(whole, create("slice:parameters=" + all)).reports().get(0);
        assertThat(none.facts()).containsEntry("widths", List.of(128, 128, 128));
        assertThatThrownBy(() -> apply(whole, create("slice:parameters=1000")))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("expected a budget of at least");
        assertThatThrownBy(() -> apply(whole, create("slice:parameters=0.1")))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("at least 0.25 of the feed-forwards' parameters");
    }

    @Test
    void theModelSaysWithWhichWidthsItWasTrained() throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 17);
        OnnxModel whole = NestedModels.built(drawn, directory, Precision.FP32);
        assertThat(whole.metadata()).containsEntry(DecoderGraphs.GRANULARITIES, "32,64,128");
        assertThat(slice(whole, List.of(64, 64, 128)).metadata())
                .containsEntry(DecoderGraphs.GRANULARITIES, "32,64");
    }

    @Test
    void refusesAModelThatWasNotTrainedForIt() throws IOException {
        OnnxModel plain =
                NestedModels.built(
                        NestedModels.drawn("LlamaForCausalLM", 18).without("slipstream"),
                        directory,
                        Precision.FP32);
        assertThatThrownBy(() -> slice(plain, List.of(64)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("nested feed-forwards")
                .hasMessageContaining("untrained=true");
        assertThat(apply(plain, create("slice:width=64,untrained=true")).graph()).isNotNull();
        assertThat(
                        apply(plain, create("slice:parameters=0.6,untrained=true"))
                                .reports()
                                .get(0)
                                .facts())
                .containsEntry("widths", List.of(64, 64, 64));
    }

    @Test
    void refusesWidthsThatCannotBeCut() throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 19);
        OnnxModel int8 = NestedModels.built(drawn, directory, Precision.INT8);
        assertThatThrownBy(() -> slice(int8, List.of(64, 40, 64)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("layer 1")
                .hasMessageContaining("a multiple of 32")
                .hasMessageContaining("found 40");
        assertThatThrownBy(() -> slice(int8, List.of(64, 64, 160)))
                .hasMessageContaining("layer 2: expected a feed-forward width of 1 to 128");
        assertThatThrownBy(() -> slice(int8, List.of(64, 64)))
                .hasMessageContaining("expected one for each of 3 layers, found 2");
    }

    @Test
    void refusesAMergedExport() throws IOException {
        OnnxModel merged =
                NestedModels.exported(
                        NestedModels.drawn("LlamaForCausalLM", 20),
                        directory,
                        ExportedDecoder.Variant.MERGED);
        assertThatThrownBy(() -> apply(merged, create("slice:width=64,untrained=true")))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("layer 0")
                .hasMessageContaining("merged export");
    }

    @Test
    void refusesGateAndUpInOneMatrixAndNormsOverNeurons() {
        assertThatThrownBy(() -> apply(odd("Split"), create("slice:width=16,untrained=true")))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("layer 0")
                .hasMessageContaining("export them apart");
        assertThatThrownBy(() -> apply(odd("Norm"), create("slice:width=16,untrained=true")))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("layer 0")
                .hasMessageContaining("SimplifiedLayerNormalization");
    }

    private static OnnxModel odd(String kind) {
        Random random = new Random(1);
        OnnxModel model = new OnnxModel("odd");
        GraphBuilder b = new GraphBuilder(model);
        b.input("input_ids", ElementType.INT64, "n");
        String table = b.initializer("embedding", NestedModels.floats(random, 1, 20, 16));
        String x = b.node("Gather", table, "input_ids").output("x");
        String up = b.initializer("up", NestedModels.floats(random, 1, 16, 64));
        String neurons = b.node("MatMul", x, up).output("neurons");
        if (kind.equals("Split")) {
            List<String> halves =
                    b.node("Split", neurons)
                            .attribute("axis", -1)
                            .attribute("num_outputs", 2)
                            .outputs("gate", "other");
            neurons = b.node("Mul", halves.get(0), halves.get(1)).output("product");
        } else {
            String scale = b.initializer("scale", NestedModels.floats(random, 1, 64));
            neurons = b.node("SimplifiedLayerNormalization", neurons, scale).output("normed");
        }
        int width = kind.equals("Split") ? 32 : 64;
        String down = b.initializer("down", NestedModels.floats(random, 1, width, 16));
        String sum = b.node("MatMul", neurons, down).output("sum");
        String y = b.node("Add", x, sum).output("y");
        String head = b.initializer("head", NestedModels.floats(random, 1, 16, 20));
        b.node("MatMul", y, head).output("logits");
        b.output("logits", ElementType.FLOAT, "n", 20);
        return model;
    }

    @Test
    void refusesToBeAppliedTwice() throws IOException {
        RandomModel drawn = NestedModels.drawn("LlamaForCausalLM", 21);
        OnnxModel once = slice(NestedModels.built(drawn, directory, Precision.FP32), List.of(64));
        assertThatThrownBy(() -> slice(once, List.of(32)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("applied to already");
    }

    @Test
    void theTextFormMakesThePassAgain() {
        for (String text :
                List.of(
                        "slice:width=192",
                        "slice:widths=(96,96,768)",
                        "slice:parameters=0.5,untrained=true")) {
            assertThat(create(text).spec().toString()).isEqualTo(text);
            assertThat(create(create(text).spec().toString())).isEqualTo(create(text));
        }
        assertThatThrownBy(() -> create("slice"))
                .hasMessageContaining("expected one of width, widths and parameters");
        assertThatThrownBy(() -> create("slice:width=3,parameters=1"))
                .hasMessageContaining("found 2 of them");
    }

    private static Pass create(String text) {
        return Passes.create(PassSpec.parse(text));
    }

    private static OnnxModel slice(OnnxModel graph, List<Integer> widths) {
        return apply(graph, new SlicePass(new Width.Each(widths), Training.NESTED)).graph();
    }

    private static Pipeline.Result apply(OnnxModel graph, Pass pass) {
        return new Pipeline(List.of(pass)).apply(graph, null, p -> {});
    }

    private static List<Integer> each(List<Integer> widths) {
        return widths.size() == 1
                ? Collections.nCopies(NestedModels.LAYERS, widths.get(0))
                : widths;
    }

    private static OnnxModel masked(OnnxModel whole, List<Integer> widths, int block) {
        return Masked.columns(
                whole,
                name -> name.contains("mlp.down_proj.weight"),
                (name, column) ->
                        column * block >= widths.get(Integer.parseInt(name.split("\\.")[2])));
    }

    /** Every pass is known to plans by its name. */
    @Test
    void plansKnowThePasses() {
        Map<String, PassFactory> known = Passes.known();
        assertThat(known).containsKeys("slice", "elastic", "switch");
    }
}
