package dev.slipstream.pass;

import static dev.slipstream.pass.TinyDecoders.CONTEXT;
import static dev.slipstream.pass.TinyDecoders.attention;
import static dev.slipstream.pass.TinyDecoders.built;
import static dev.slipstream.pass.TinyDecoders.feedForward;
import static dev.slipstream.pass.TinyDecoders.floats;
import static dev.slipstream.pass.TinyDecoders.random;
import static dev.slipstream.pass.TinyDecoders.removals;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.ExportedDecoder.Variant;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.DecoderAgreement;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.GateNotes;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left of a model equals the model with the branches skipped. */
class RemovalTest {
    private static final int LAYERS = 3;
    private static final float TOLERANCE = 1e-4f;
    private static final int[] TOKENS = {3, 1, 5, 0};

    @TempDir Path directory;

    @ParameterizedTest
    @CsvSource({"LlamaForCausalLM, 41", "Qwen2ForCausalLM, 42", "Qwen3ForCausalLM, 43"})
    void builtGraphsEqualTheSkippingReference(String architecture, long seed) throws IOException {
        RandomModel random = random(architecture, seed, LAYERS);
        OracleModel oracle = OracleModel.ofDirectory(random.write(directory));
        OnnxModel graph = built(directory, Precision.FP32);
        long perToken = bytesPerToken(graph);
        for (Set<SubLayerName> removed : removals(LAYERS, new Random(seed))) {
            OnnxModel less = Removal.of(graph, removed);
            long attentions = LAYERS - TinyDecoders.attentions(removed);
            assertThat(cacheInputs(less)).as("%s", removed).isEqualTo(numbered(attentions));
            try (DecoderModel model = DecoderModel.open(less, CONTEXT, RuntimeOptions.defaults())) {
                OracleModel skipping = oracle.without(removed);
                assertThat(model.bytesPerToken()).isEqualTo(perToken * attentions / LAYERS);
                agree(model, skipping::logits, TOLERANCE, removed, random);
            }
        }
    }

    /** In whichever portions for some, and in one run and one by one for the others. */
    private static void agree(
            DecoderModel model,
            Function<int[], float[][]> expected,
            float tolerance,
            Set<SubLayerName> removed,
            RandomModel random) {
        DecoderAgreement agreement = new DecoderAgreement(model, expected, tolerance);
        if (removed.equals(Set.of(attention(0)))) {
            agreement.check(random.tokens(34));
        } else {
            agreement.prefillAtOnce(random.tokens(10));
            agreement.oneByOne(random.tokens(10));
        }
    }

    private static long bytesPerToken(OnnxModel graph) {
        try (DecoderModel model = DecoderModel.open(graph, CONTEXT, RuntimeOptions.defaults())) {
            return model.bytesPerToken();
        }
    }

    private static Set<String> cacheInputs(OnnxModel graph) {
        Set<String> names = new TreeSet<>();
        graph.inputs().forEach(input -> names.add(input.getName()));
        names.removeIf(name -> !name.startsWith("past"));
        return names;
    }

    private static Set<String> numbered(long layers) {
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < layers; i++) {
            names.add("past_key_values." + i + ".key");
            names.add("past_key_values." + i + ".value");
        }
        return names;
    }

    /** Quantised activations are not the reference's, hence lengths of differences. */
    @Test
    void int8GraphsEqualTheSkippingReference() throws IOException {
        RandomModel random = random("LlamaForCausalLM", 44, LAYERS);
        OracleModel oracle = OracleModel.ofDirectory(random.write(directory)).rounded(8);
        OnnxModel graph = built(directory, Precision.INT8);
        int[] tokens = random.tokens(20);
        for (Set<SubLayerName> removed : removals(LAYERS, new Random(44))) {
            float[] found = floats(Removal.of(graph, removed), "logits", tokens, Map.of());
            float[][] skipping = oracle.without(removed).logits(tokens);
            assertThat(difference(found, skipping)).as("%s", removed).isLessThan(0.035);
            assertThat(difference(found, oracle.logits(tokens))).isGreaterThan(0.1);
        }
    }

    private static double difference(float[] found, float[][] expected) {
        double error = 0;
        double size = 0;
        for (int i = 0; i < found.length; i++) {
            float value = expected[i / expected[0].length][i % expected[0].length];
            error += Math.pow(found[i] - value, 2);
            size += Math.pow(value, 2);
        }
        return Math.sqrt(error / size);
    }

    static Stream<Set<Variant>> variants() {
        return Stream.of(
                EnumSet.noneOf(Variant.class),
                EnumSet.of(Variant.NO_POSITION_IDS, Variant.NUM_LOGITS_TO_KEEP),
                EnumSet.of(Variant.ATTENTION_OPERATOR));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void importedGraphsEqualTheSkippingReference(Set<Variant> variants) throws IOException {
        RandomModel random = random("LlamaForCausalLM", 45, LAYERS);
        OracleModel oracle = OracleModel.ofDirectory(random.write(directory));
        Path file = directory.resolve("whole.onnx");
        ExportedDecoder.write(directory, file, variants);
        OnnxModel graph = OnnxModel.read(file);
        for (Set<SubLayerName> removed : removals(LAYERS, new Random(45))) {
            OnnxModel less = Removal.of(graph, removed);
            long attentions = LAYERS - TinyDecoders.attentions(removed);
            assertThat(cacheInputs(less)).as("%s", removed).isEqualTo(numbered(attentions));
            Path written = directory.resolve("less.onnx");
            less.write(written);
            try (DecoderModel model =
                    DecoderModel.open(written, CONTEXT, RuntimeOptions.defaults())) {
                OracleModel skipping = oracle.without(removed);
                agree(model, skipping::logits, TOLERANCE, removed, random);
            }
        }
    }

    /** No second implementation knows these: the same graph with branches times 0 is compared. */
    @ParameterizedTest
    @CsvSource({"gpt2/past, 1e-6", "qwen35-gqa-fp16/decoder, 1e-4"})
    void otherPeoplesExportsEqualTheMaskedGraph(String export, float tolerance) throws IOException {
        OnnxModel graph =
                OnnxModel.read(Path.of("src/test/resources/tiny-onnx-decoders", export + ".onnx"));
        RemovalCandidates candidates =
                new RemovalCandidates(graph, RemovalRule.of(RemovalOrder.LAST));
        assertThat(candidates.refused()).isEmpty();
        assertThat(candidates.removable()).hasSizeGreaterThan(2);
        SubLayerMasks masks = SubLayerMasks.of(graph, candidates.removable());
        int[] tokens = new Random(6).ints(12, 0, 1000).toArray();
        float[] whole = floats(graph, "logits", tokens, Map.of());
        assertThat(
                        floats(
                                masks.graph(),
                                "logits",
                                tokens,
                                Map.of(SubLayerMasks.INPUT, masks.without(Set.of()))))
                .containsExactly(whole, Offset.offset(tolerance));
        for (SubLayerName name : candidates.removable()) {
            Set<SubLayerName> removed = new HashSet<>(Set.of(name));
            removed.add(candidates.removable().last());
            float[] masked =
                    floats(
                            masks.graph(),
                            "logits",
                            tokens,
                            Map.of(SubLayerMasks.INPUT, masks.without(removed)));
            OnnxModel less = Removal.of(graph, removed);
            assertThat(floats(less, "logits", tokens, Map.of()))
                    .as("%s", removed)
                    .containsExactly(masked, Offset.offset(tolerance));
            Path written = directory.resolve("less.onnx");
            less.write(written);
            try (DecoderModel model =
                    DecoderModel.open(written, CONTEXT, RuntimeOptions.defaults())) {
                new DecoderAgreement(model, text -> atOnce(model, text), tolerance)
                        .check(new Random(5).ints(34, 0, 1000).toArray());
            }
        }
    }

    private static float[][] atOnce(DecoderModel model, int[] tokens) {
        float[][] rows = new float[tokens.length][model.vocabularySize()];
        try (DecoderSession session = model.newSession()) {
            Logits logits = session.forward(tokens, LogitRows.ALL);
            for (int i = 0; i < rows.length; i++) {
                logits.row(i).get(rows[i]);
            }
        }
        return rows;
    }

    @Test
    void exactlyTheRemovedWeightsLeave() throws IOException {
        random("LlamaForCausalLM", 46, LAYERS).with("tie_word_embeddings", "true").write(directory);
        for (Precision precision : Precision.values()) {
            OnnxModel graph = built(directory, precision);
            OnnxModel less = Removal.of(graph, List.of(attention(0), feedForward(1)));
            Set<String> gone = new TreeSet<>(graph.initializers().keySet());
            gone.removeAll(less.initializers().keySet());
            assertThat(gone)
                    .isNotEmpty()
                    .allMatch(
                            name ->
                                    name.startsWith("model.layers.0.self_attn.")
                                            || name.startsWith("model.layers.0.input_layernorm")
                                            || name.startsWith("model.layers.1.mlp.")
                                            || name.startsWith(
                                                    "model.layers.1.post_attention_layernorm"));
            assertThat(less.initializers().keySet())
                    .noneMatch(name -> name.startsWith("model.layers.0.self_attn."))
                    .noneMatch(name -> name.startsWith("model.layers.1.mlp."))
                    .noneMatch(name -> name.startsWith("model.layers.0.input_layernorm"))
                    .noneMatch(name -> name.startsWith("model.layers.1.post_attention"));
            long bytes =
                    gone.stream()
                            .mapToLong(name -> graph.initializers().get(name).data().remaining())
                            .sum();
            assertThat(Anatomy.of(graph).bytes() - Anatomy.of(less).bytes()).isEqualTo(bytes);
        }
    }

    @Test
    void noFurtherNodesAreLeft() throws IOException {
        random("LlamaForCausalLM", 47, LAYERS).write(directory);
        OnnxModel graph = built(directory, Precision.FP32);
        Anatomy anatomy = Anatomy.of(graph);
        int feedForward = anatomy.layers().get(1).feedForward().orElseThrow().nodes().size();
        // The fused norm of what follows moves into the addition before.
        assertThat(Removal.of(graph, List.of(feedForward(1))).nodes())
                .hasSize(graph.nodes().size() - feedForward - 1);
    }

    @Test
    void theNoteTellsWhereTheCachesAre() throws IOException {
        random("LlamaForCausalLM", 48, 4).write(directory);
        OnnxModel graph = built(directory, Precision.FP32);
        OnnxModel less = Removal.of(graph, List.of(attention(1)));
        assertThat(CachedLayers.read(less.metadata())).isEqualTo(Map.of(0, 0, 2, 1, 3, 2));
        assertThatThrownBy(() -> CachedLayers.read(Map.of(CachedLayers.NOTE, "0:0,2")))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("expected pairs of layers");
        assertThat(CachedLayers.read(Removal.of(less, List.of(attention(0))).metadata()))
                .isEqualTo(Map.of(2, 0, 3, 1));
        assertThat(CachedLayers.read(Removal.of(graph, List.of(feedForward(0))).metadata()))
                .isEmpty();
    }

    @Test
    void aLengthTakenFromARemovedPastIsTakenFromAnother() throws IOException {
        random("LlamaForCausalLM", 49, LAYERS).write(directory);
        ExportedDecoder.write(directory, directory.resolve("whole.onnx"), Set.of());
        OnnxModel graph = OnnxModel.read(directory.resolve("whole.onnx"));
        GraphBuilder b = new GraphBuilder(graph);
        String size = b.node("Shape", "past_key_values.0.key").output("size");
        b.output(size, ElementType.INT64, 4);
        OnnxModel less = Removal.of(graph, List.of(attention(0)));
        assertThat(less.producer(size).orElseThrow().getInput(0))
                .isEqualTo("past_key_values.0.key");
        assertThat(less.consumers("past_key_values.0.key")).hasSize(2);
    }

    /** {@code norm(x + branch(x) + bias)} in one node becomes {@code norm(x)}. */
    @ParameterizedTest
    @ValueSource(strings = {"SkipLayerNormalization", "SkipSimplifiedLayerNormalization"})
    void aBiasInTheAdditionGoesAndTheNormStays(String operator) {
        boolean simplified = operator.contains("Simplified");
        SmallStream stream = new SmallStream(51);
        String x = stream.embedded();
        String gain = stream.vector("gain");
        String shift = simplified ? "" : stream.vector("shift");
        String bias = stream.vector("bias");
        String first = stream.branch(x, "first");
        List<String> out =
                stream.b
                        .node(
                                operator,
                                "com.microsoft",
                                simplified
                                        ? List.of(first, x, gain, bias)
                                        : List.of(x, first, gain, shift, bias))
                        .attribute("epsilon", 1e-3f)
                        .outputs("normed", "", "", "sum");
        String second = stream.branch(out.get(0), "second");
        OnnxModel graph = stream.finish(stream.b.node("Add", out.get(3), second).output("behind"));
        check(
                stream,
                Removal.of(graph, List.of(feedForward(0))),
                e ->
                        SmallStream.sum(
                                e,
                                stream.plainBranch(
                                        stream.plainNorm(e, "gain", shift, 1e-3), "second")));
        float[] b = stream.values.get("bias");
        check(
                stream,
                Removal.of(graph, List.of(feedForward(1))),
                e ->
                        SmallStream.sum(
                                e,
                                stream.plainBranch(e, "first"),
                                new double[] {b[0], b[1], b[2], b[3]}));
        SubLayerMasks masks = SubLayerMasks.of(graph, List.of(feedForward(0), feedForward(1)));
        assertThat(
                        floats(
                                masks.graph(),
                                "logits",
                                TOKENS,
                                Map.of(
                                        SubLayerMasks.INPUT,
                                        masks.without(List.of(feedForward(0))))))
                .containsExactly(
                        floats(
                                Removal.of(graph, List.of(feedForward(0))),
                                "logits",
                                TOKENS,
                                Map.of()),
                        Offset.offset(1e-6f));
    }

    /** As in BERT, where the norm behind the addition is the stream's. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aNormBehindTheAdditionStays(boolean fused) {
        SmallStream stream = new SmallStream(52);
        String x = stream.embedded();
        for (String name : List.of("first", "second")) {
            String branch = stream.branch(x, name);
            String gain = stream.vector(name + ".gain");
            String shift = stream.vector(name + ".shift");
            x =
                    fused
                            ? stream.b
                                    .node(
                                            "SkipLayerNormalization",
                                            "com.microsoft",
                                            List.of(branch, x, gain, shift))
                                    .output(name + ".normed")
                            : stream.b
                                    .node(
                                            "LayerNormalization",
                                            stream.b.node("Add", x, branch).output(name + ".add"),
                                            gain,
                                            shift)
                                    .attribute("epsilon", 1e-12f)
                                    .output(name + ".normed");
        }
        OnnxModel graph = stream.finish(x);
        check(
                stream,
                Removal.of(graph, List.of(feedForward(0))),
                e -> {
                    double[] n = stream.plainNorm(e, "first.gain", "first.shift", 1e-12);
                    double[] sum = SmallStream.sum(n, stream.plainBranch(n, "second"));
                    return stream.plainNorm(sum, "second.gain", "second.shift", 1e-12);
                });
        check(
                stream,
                Removal.of(graph, List.of(feedForward(1))),
                e -> {
                    double[] sum = SmallStream.sum(e, stream.plainBranch(e, "first"));
                    double[] n = stream.plainNorm(sum, "first.gain", "first.shift", 1e-12);
                    return stream.plainNorm(n, "second.gain", "second.shift", 1e-12);
                });
    }

    private static void check(SmallStream stream, OnnxModel less, UnaryOperator<double[]> behind) {
        float[] found = floats(less, "logits", TOKENS, Map.of());
        for (int i = 0; i < TOKENS.length; i++) {
            double[] logits = stream.plainHead(behind.apply(stream.plainEmbedding(TOKENS[i])));
            for (int j = 0; j < logits.length; j++) {
                assertThat((double) found[i * logits.length + j])
                        .isCloseTo(logits[j], within(1e-5));
            }
        }
    }

    @Test
    void aSharedMatrixStaysWhileSomeoneUsesIt() {
        SmallStream stream = new SmallStream(53);
        String x = stream.embedded();
        String first = stream.b.node("Add", x, stream.branch(x, "shared")).output("first");
        String again = stream.b.node("MatMul", first, "shared").output("again");
        String tanh = stream.b.node("Tanh", again).output("tanh");
        OnnxModel graph = stream.finish(stream.b.node("Add", first, tanh).output("second"));
        OnnxModel less = Removal.of(graph, List.of(feedForward(0)));
        assertThat(less.initializers()).containsKey("shared");
        check(stream, less, e -> SmallStream.sum(e, stream.plainBranch(e, "shared")));
        assertThat(
                        Removal.of(graph, List.of(feedForward(0), feedForward(1)))
                                .initializers()
                                .keySet())
                .containsExactlyInAnyOrder("table", "head");
    }

    @Test
    void aStreamThatIsAnOutputStaysOne() {
        SmallStream stream = new SmallStream(54);
        String x = stream.embedded();
        String sum = stream.b.node("Add", x, stream.branch(x, "only")).output("sum");
        OnnxModel graph = stream.finish(sum);
        stream.b.output(sum, ElementType.FLOAT, "batch", "length", SmallStream.HIDDEN);
        OnnxModel less = Removal.of(graph, List.of(feedForward(0)));
        check(stream, less, e -> e);
        assertThat(floats(less, "sum", TOKENS, Map.of()))
                .startsWith(stream.values.get("table")[TOKENS[0] * SmallStream.HIDDEN]);
    }

    @Test
    void whatOthersUseOfABranchIsRefused() {
        SmallStream stream = new SmallStream(55);
        String x = stream.embedded();
        String w = stream.constant("w", new float[16], 4, 4);
        String hidden = stream.b.node("MatMul", x, w).output("hidden");
        String first = stream.b.node("Add", x, hidden).output("first");
        String later = stream.b.node("Mul", first, hidden).output("later");
        OnnxModel graph = stream.finish(later);
        assertThatThrownBy(() -> Removal.of(graph, List.of(feedForward(0))))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("feed-forward.0")
                .hasMessageContaining("others need [hidden]");
    }

    @Test
    void aModelWithGatesIsRefused() throws IOException {
        random("LlamaForCausalLM", 56, 2).write(directory);
        OnnxModel graph = built(directory, Precision.FP32);
        new GateNotes(List.of(feedForward(0)), List.of(), null).write(graph);
        assertThatThrownBy(() -> Removal.of(graph, List.of(feedForward(1))))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("without gates");
    }

    @Test
    void whatCannotGoIsRefusedByName() throws IOException {
        random("LlamaForCausalLM", 50, 2).write(directory);
        OnnxModel graph = built(directory, Precision.FP32);
        assertThatThrownBy(() -> Removal.of(graph, List.of(attention(0), attention(1))))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("one attention stays");
        assertThatThrownBy(() -> Removal.of(graph, List.of(feedForward(7))))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("feed-forward.7")
                .hasMessageContaining("[0, 1]");
        ExportedDecoder.write(
                directory, directory.resolve("merged.onnx"), EnumSet.of(Variant.MERGED));
        OnnxModel merged = OnnxModel.read(directory.resolve("merged.onnx"));
        assertThatThrownBy(() -> Removal.of(merged, List.of(feedForward(0))))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("feed-forward.0")
                .hasMessageContaining("branch of an If");
    }

    @Test
    void branchesSideBySideAreRefused() {
        SmallStream stream = new SmallStream(58);
        String x = stream.embedded();
        String query =
                stream.b.node("MatMul", x, stream.constant("q", new float[16], 4, 4)).output("q.x");
        String turned = stream.b.node("Transpose", x).ints("perm", 0, 2, 1).output("turned");
        String scores = stream.b.node("MatMul", query, turned).output("scores");
        String shares = stream.b.node("Softmax", scores).attribute("axis", -1).output("shares");
        String mixed = stream.b.node("MatMul", shares, query).output("mixed");
        String both = stream.b.node("Add", mixed, stream.branch(x, "f")).output("both");
        OnnxModel graph = stream.finish(stream.b.node("Add", x, both).output("end"));
        assertThatThrownBy(() -> Removal.of(graph, List.of(feedForward(0))))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("feed-forward.0")
                .hasMessageContaining("parallel");
        assertThatThrownBy(() -> new FinerCut(graph, RemovalRule.of(RemovalOrder.GREEDY)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("layers {0=attention and feed-forward run in parallel");
    }

    /** The tensors of a gated sub-layer are in no branch of the stream that could be taken out. */
    @Test
    void aGatedSubLayerIsRefused() {
        SmallStream stream = new SmallStream(59);
        String x = stream.embedded();
        String on = stream.b.input("on", ElementType.BOOL);
        String w = stream.constant("w", new float[16], 4, 4);
        GraphBuilder then = stream.b.subgraph("then");
        then.output(then.node("MatMul", x, w).output("y"), ElementType.FLOAT);
        GraphBuilder otherwise = stream.b.subgraph("else");
        otherwise.output(otherwise.node("Sub", x, x).output("z"), ElementType.FLOAT);
        String chosen =
                stream.b
                        .node("If", on)
                        .attribute("then_branch", then.graph())
                        .attribute("else_branch", otherwise.graph())
                        .output("chosen");
        OnnxModel graph = stream.finish(stream.b.node("Add", x, chosen).output("end"));
        assertThatThrownBy(() -> Removal.of(graph, List.of(feedForward(0))))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("feed-forward.0")
                .hasMessageContaining("behind the gate chosen");
    }

    @Test
    void whatMixesPositionsOtherwiseStays() {
        SmallStream stream = new SmallStream(57);
        String x = stream.embedded();
        String columns = stream.b.node("Transpose", x).ints("perm", 0, 2, 1).output("columns");
        String kernel = stream.constant("kernel", new float[4], 4, 1, 1);
        String mixed = stream.b.node("Conv", columns, kernel).attribute("group", 4).output("mixed");
        String back = stream.b.node("Transpose", mixed).ints("perm", 0, 2, 1).output("back");
        String sum = stream.b.node("Add", x, back).output("sum");
        OnnxModel graph =
                stream.finish(stream.b.node("Add", sum, stream.branch(sum, "f")).output("end"));
        assertThatThrownBy(() -> Removal.of(graph, List.of(attention(0))))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("attention.0")
                .hasMessageContaining("other means");
    }
}
