package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.SelfDraftShape;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rounding a float graph gives the bits of the graph that is written in integers. */
class QuantisedBitsTest {
    private static final int CONTEXT = 64;
    private static final String EMBEDDED =
            "../models/src/main/resources/META-INF/slipstream/models/";

    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"stories260k", "babyllama105"})
    void ofStoryModels(String name) {
        int[] tokens = new Random(3).ints(40, 3, 100).toArray();
        check(
                precision ->
                        Models.graph(
                                EMBEDDED + name, LoadOptions.defaults().withPrecision(precision)),
                tokens,
                name);
    }

    static Stream<RandomModel> models() {
        Stream<RandomModel> drawn =
                Stream.of(
                                "LlamaForCausalLM",
                                "Qwen2ForCausalLM",
                                "Qwen3ForCausalLM",
                                "MistralForCausalLM")
                        .flatMap(
                                architecture ->
                                        LongStream.range(60, 63)
                                                .mapToObj(
                                                        seed ->
                                                                new RandomModel(
                                                                        architecture, seed)));
        RandomModel biased =
                new RandomModel("LlamaForCausalLM", 63)
                        .with("attention_bias", "true")
                        .with("tie_word_embeddings", "true");
        RandomModel narrow = new RandomModel("LlamaForCausalLM", 64).with("hidden_size", "72");
        return Stream.concat(drawn, Stream.of(biased, narrow));
    }

    @ParameterizedTest
    @MethodSource("models")
    void ofRandomModels(RandomModel random) throws IOException {
        random.write(directory);
        check(
                precision -> graph(precision, SelfDraftShape.none()),
                random.tokens(40),
                random.toString());
    }

    /** Sub-layers in branches, whose weights the branches share. */
    @ParameterizedTest
    @ValueSource(longs = {70, 71, 72})
    void ofDraftingModels(long seed) throws IOException {
        RandomModel random =
                new RandomModel("Qwen2ForCausalLM", seed)
                        .with("intermediate_size", "128")
                        .with("slipstream", "{\"ffn_granularities\": [64, 128]}");
        random.write(directory);
        int layers = DecoderConfig.read(ModelFiles.of(directory)).layers();
        List<SelfDraftShape.Layer> drafted = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            drafted.add(
                    new SelfDraftShape.Layer(
                            i % 2 == 0
                                    ? SelfDraftShape.Attention.SKIPPED
                                    : SelfDraftShape.Attention.COMPUTED,
                            new int[] {64, 0, 128}[i % 3]));
        }
        SelfDraftShape shape = new SelfDraftShape(drafted);
        check(precision -> graph(precision, shape), random.tokens(40), random.toString());
    }

    private OnnxModel graph(Precision precision, SelfDraftShape shape) {
        ModelFiles files = ModelFiles.of(directory);
        return DecoderGraphs.write(
                "tested",
                DecoderConfig.read(files),
                SafeTensors.read(files),
                precision,
                CONTEXT,
                shape);
    }

    private static void check(Function<Precision, OnnxModel> graphs, int[] tokens, String what) {
        OnnxModel floats = graphs.apply(Precision.FP32);
        String before = floats.fingerprint();
        for (Precision precision : List.of(Precision.INT8, Precision.INT4)) {
            String pass = "quantise:weights=" + precision.name().toLowerCase(Locale.ROOT);
            OnnxModel passed =
                    new Pipeline(Passes.create(List.of(pass)))
                            .apply(floats, null, applied -> {})
                            .graph();
            OnnxModel written = graphs.apply(precision);
            assertThat(Logits.of(passed, tokens))
                    .as("%s, %s", pass, what)
                    .isDeepEqualTo(Logits.of(written, tokens));
            assertThat(passed.nodes().stream().map(node -> node.getOpType()).sorted().toList())
                    .isEqualTo(written.nodes().stream().map(n -> n.getOpType()).sorted().toList());
            assertThat(Anatomy.of(passed).bytes()).as(what).isEqualTo(Anatomy.of(written).bytes());
            assertThat(floatMatrices(passed)).isEqualTo(floatMatrices(written));
        }
        assertThat(floats.fingerprint()).as("the graph that went in").isEqualTo(before);
    }

    private static long floatMatrices(OnnxModel graph) {
        return graph.initializers().values().stream()
                .filter(tensor -> tensor.type() == ElementType.FLOAT && tensor.shape().size() == 2)
                .count();
    }
}
