package dev.slipstream.graph;

import static dev.slipstream.graph.DecoderGraph.HIDDEN;
import static dev.slipstream.graph.DecoderGraph.INNER;
import static dev.slipstream.graph.DecoderGraph.VOCABULARY;
import static dev.slipstream.graph.SubLayer.Kind.ATTENTION;
import static dev.slipstream.graph.SubLayer.Kind.FEED_FORWARD;
import static dev.slipstream.graph.SubLayer.Kind.OTHER;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AnatomyTest {
    private static final int LAYERS = 3;
    private static final int ATTENTION_SIZE = 4 * HIDDEN * HIDDEN;
    private static final int FEED_FORWARD_SIZE = 3 * HIDDEN * INNER;

    private final DecoderGraph g = new DecoderGraph();

    @Test
    void readsUnfusedLlama() {
        String x = g.embed();
        for (int i = 0; i < LAYERS; i++) {
            String a = "l" + i + ".a";
            String f = "l" + i + ".f";
            x = g.add(x, g.plainAttention(g.plainNorm(x, a), a, i), a + ".add");
            x = g.add(g.swiglu(g.plainNorm(x, f), f), x, f + ".add");
        }
        g.finish(x);
        Anatomy anatomy = assertLayers();
        SubLayer attention = anatomy.layers().get(1).attention().orElseThrow();
        assertThat(attention.residualAdd().getName()).isEqualTo("l1.a.add");
        assertThat(attention.input()).isEqualTo("l0.f.add");
        assertThat(attention.output()).isEqualTo("l1.a.add");
        // The matrices, three biases, the norm; not the shapes, nor the lone numbers.
        assertThat(attention.parameters()).isEqualTo(ATTENTION_SIZE + 4 * HIDDEN);
        assertThat(anatomy.layers().get(1).feedForward().orElseThrow().parameters())
                .isEqualTo(FEED_FORWARD_SIZE + HIDDEN);
        // Copies for the present keys and values belong to the attention.
        assertThat(attention.nodes())
                .extracting(NodeProto::getName)
                .contains("present.1.key", "present.1.value");
        assertDisjointAndClosed(anatomy);
    }

    @Test
    void readsTheSameInAnyOrderOfNodesAndOperands() {
        String x = g.embed();
        for (int i = 0; i < LAYERS; i++) {
            x = layer(x, i);
        }
        g.finish(x);
        Anatomy expected = assertLayers();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20; i++) {
            Collections.shuffle(g.model.nodes(), random);
            g.model
                    .nodes()
                    .replaceAll(
                            node ->
                                    node.getOpType().equals("Add") && random.nextBoolean()
                                            ? node.toBuilder()
                                                    .setInput(0, node.getInput(1))
                                                    .setInput(1, node.getInput(0))
                                                    .build()
                                            : node);
            Anatomy anatomy = Anatomy.of(g.model);
            assertThat(anatomy.unreadable()).as("seed %d", seed).isEmpty();
            assertThat(anatomy.layers()).as("seed %d", seed).hasSize(LAYERS);
            for (int j = 0; j < LAYERS; j++) {
                for (int k = 0; k < 2; k++) {
                    SubLayer one = anatomy.layers().get(j).subLayers().get(k);
                    SubLayer other = expected.layers().get(j).subLayers().get(k);
                    assertThat(one.weights()).as("seed %d", seed).isEqualTo(other.weights());
                    assertThat(one.nodes())
                            .as("seed %d", seed)
                            .containsExactlyInAnyOrderElementsOf(other.nodes());
                }
            }
        }
    }

    @Test
    void readsFusedNorms() {
        // The norm of a branch is inside the add before it, and so is the final norm in the last.
        String embedded = g.embed();
        String normed = g.norm(embedded, "first");
        List<String> place = List.of(normed, "", "", embedded);
        for (int i = 0; i < LAYERS; i++) {
            String a = "l" + i + ".a";
            String f = "l" + i + ".f";
            place = skip(place.get(3), g.fusedAttention(place.get(0), a, i), a + ".add", true);
            boolean kept = i < LAYERS - 1;
            place = skip(g.swiglu(place.get(0), f), place.get(3), f + ".add", kept);
        }
        g.b.output(g.linear(place.get(0), "head", HIDDEN, VOCABULARY, "logits"), ElementType.FLOAT);
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.unreadable()).isEmpty();
        assertThat(anatomy.layers()).hasSize(LAYERS);
        SubLayer first = anatomy.layers().get(0).attention().orElseThrow();
        assertThat(first.input()).isEqualTo(embedded);
        assertThat(first.weights())
                .containsExactly("first.norm", "l0.a.out.weight", "l0.a.qkv.weight");
        SubLayer last = anatomy.layers().get(LAYERS - 1).feedForward().orElseThrow();
        assertThat(last.input()).isEqualTo("l2.a.add.sum");
        assertThat(last.output()).isEqualTo("l2.f.add");
        assertThat(last.residualAdd().getOpType()).isEqualTo("SkipSimplifiedLayerNormalization");
        assertThat(last.weights())
                .containsExactly("l2.f.down.weight", "l2.f.gate.weight", "l2.f.up.weight");
        assertThat(last.bytes()).isEqualTo(4L * FEED_FORWARD_SIZE);
        assertDisjointAndClosed(anatomy);
    }

    private List<String> skip(String x, String y, String name, boolean keepsSum) {
        NodeBuilder node =
                g.b.node(
                        "SkipSimplifiedLayerNormalization",
                        "com.microsoft",
                        List.of(x, y, g.weight(name + ".weight", HIDDEN)));
        return keepsSum
                ? node.outputs(name, "", "", name + ".sum")
                : List.of(node.output(name), "", "", "");
    }

    @Test
    void readsGpt2WithItsGeluInSingleNodes() {
        String x = g.embed();
        for (int i = 0; i < LAYERS; i++) {
            String a = "l" + i + ".a";
            String f = "l" + i + ".f";
            x = g.add(g.plainAttention(g.norm(x, a), a, i), x, a + ".add");
            x = g.add(x, g.gelu(g.norm(x, f), f), f + ".add");
        }
        g.finish(x);
        Anatomy anatomy = assertLayers();
        assertThat(anatomy.layers().get(2).feedForward().orElseThrow().parameters())
                .isEqualTo(2 * HIDDEN * INNER + INNER + 2 * HIDDEN);
    }

    @Test
    void readsNormsBehindTheAddAndCopiesOnTheStream() {
        String x = g.embed();
        for (int i = 0; i < LAYERS; i++) {
            String a = "l" + i + ".a";
            String f = "l" + i + ".f";
            x = g.norm(g.add(x, g.fusedAttention(x, a, i), a + ".add"), a);
            String wide = g.b.node("Cast", x).attribute("to", 1).output("wide");
            x = g.norm(g.add(wide, g.swiglu(x, f), f + ".add"), f);
        }
        g.finish(x);
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.unreadable()).isEmpty();
        assertThat(anatomy.layers()).hasSize(LAYERS);
        assertThat(anatomy.layers().get(1).feedForward().orElseThrow().input())
                .isEqualTo("l1.a.normed");
    }

    @Test
    void tellsARoutersSoftmaxFromAttention() {
        String x = g.embed();
        x = g.add(x, g.fusedAttention(g.norm(x, "l0.a"), "l0.a", 0), "l0.a.add");
        x = g.add(x, g.experts(g.norm(x, "l0.f"), "l0.f"), "l0.f.add");
        g.finish(x);
        assertKinds(ATTENTION, FEED_FORWARD);
    }

    @Test
    void callsAConvolutionOther() {
        String x = g.embed();
        x = g.add(x, g.convolution(g.norm(x, "l0.c"), "l0.c", 0), "l0.c.add");
        x = g.add(x, g.swiglu(g.norm(x, "l0.f"), "l0.f"), "l0.f.add");
        x = layer(x, 1);
        g.finish(x);
        assertKinds(OTHER, FEED_FORWARD, ATTENTION, FEED_FORWARD);
        assertThat(Anatomy.of(g.model).layers()).extracting(Layer::index).containsExactly(0, 1);
    }

    @Test
    void looksIntoGates() {
        String gate = g.b.input("gate", ElementType.BOOL);
        String x = layer(g.embed(), 0);
        GraphBuilder then = g.b.subgraph("then");
        String w = g.weight("l1.f.weight", HIDDEN, HIDDEN);
        String normed =
                then.node("LayerNormalization", x, g.weight("l1.f.norm", HIDDEN)).output("n");
        then.output(then.node("MatMul", normed, w).output("y"), ElementType.FLOAT);
        GraphBuilder otherwise = g.b.subgraph("else");
        otherwise.output(otherwise.node("Sub", x, x).output("z"), ElementType.FLOAT);
        String branch =
                g.b.node("If", gate)
                        .attribute("then_branch", then.graph())
                        .attribute("else_branch", otherwise.graph())
                        .output("branch");
        g.finish(g.add(x, branch, "l1.f.add"));
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.unreadable()).isEmpty();
        assertThat(anatomy.layers()).hasSize(2);
        SubLayer gated = anatomy.layers().get(1).feedForward().orElseThrow();
        assertThat(gated.nodes()).extracting(NodeProto::getOpType).containsExactly("If");
        assertThat(gated.weights()).containsExactly("l1.f.norm", "l1.f.weight");
        assertThat(gated.parameters()).isEqualTo(HIDDEN * HIDDEN + HIDDEN);
    }

    @Test
    void looksIntoFunctions() {
        g.model.opsets().put("own", 1);
        g.model
                .functions()
                .add(
                        function(
                                "Mix",
                                "MatMul x x s",
                                "Softmax s p",
                                "MatMul p x m",
                                "MatMul m w y"));
        g.model.functions().add(function("Think", "MatMul x w h", "Relu h y"));
        g.model.functions().add(function("Twice", "Add x x z", "Mul z w y"));
        String x = g.embed();
        for (String name : List.of("Mix", "Think", "Twice")) {
            String w = g.weight(name + ".weight", HIDDEN, HIDDEN);
            x =
                    g.add(
                            x,
                            g.b.node(name, "own", List.of(g.norm(x, name), w)).output(name),
                            name + ".add");
        }
        g.finish(x);
        // The last has no product with its weight, so its add is not a residual one.
        assertKinds(ATTENTION, FEED_FORWARD);
    }

    private static FunctionProto function(String name, String... nodes) {
        FunctionProto.Builder function =
                FunctionProto.newBuilder()
                        .setName(name)
                        .setDomain("own")
                        .addInput("x")
                        .addInput("w")
                        .addOutput("y")
                        .addOpsetImport(
                                OperatorSetIdProto.newBuilder().setDomain("").setVersion(21));
        for (String text : nodes) {
            String[] words = text.split(" ");
            NodeProto.Builder node = function.addNodeBuilder().setOpType(words[0]);
            for (int i = 1; i < words.length - 1; i++) {
                node.addInput(words[i]);
            }
            node.addOutput(words[words.length - 1]);
        }
        return function.build();
    }

    @Test
    void countsTheElementsOfPackedWeights() {
        String x = layer(g.embed(), 0);
        String normed = g.norm(x, "q");
        String packed =
                g.b.initializer(
                        "int4", Tensors.random(new Random(1), ElementType.UINT8, HIDDEN, 1, 16));
        String y =
                g.b.node(
                                "MatMulNBits",
                                "com.microsoft",
                                List.of(normed, packed, g.weight("scales", HIDDEN)))
                        .attribute("N", HIDDEN)
                        .attribute("K", HIDDEN)
                        .attribute("bits", 4)
                        .attribute("block_size", 32)
                        .output("y");
        String int8 =
                g.b.initializer(
                        "int8", Tensors.random(new Random(1), ElementType.INT8, HIDDEN, HIDDEN));
        String unpacked =
                g.b.node("DequantizeLinear", int8, g.weight("scale", HIDDEN)).output("unpacked");
        String turned = g.b.node("Transpose", unpacked).ints("perm", 1, 0).output("turned");
        String z = g.b.node("MatMul", y, turned).output("z");
        g.finish(g.add(x, z, "add"));
        SubLayer subLayer = Anatomy.of(g.model).layers().get(1).feedForward().orElseThrow();
        assertThat(subLayer.weights()).containsExactly("int4", "int8", "q.norm", "scale", "scales");
        assertThat(subLayer.parameters()).isEqualTo(2 * HIDDEN * HIDDEN + HIDDEN);
        assertThat(subLayer.bytes()).isEqualTo(HIDDEN * HIDDEN + HIDDEN * 16 + 3 * 4 * HIDDEN);
        assertThat(subLayer.nodes())
                .extracting(NodeProto::getOpType)
                .contains("DequantizeLinear", "Transpose");
    }

    @Test
    void countsTheWholeModelOnce() {
        String x = layer(g.embed(), 0);
        Tensor embedding = g.model.initializers().get("embedding");
        String tied =
                g.b.initializer(
                        "tied",
                        new Tensor(
                                embedding.type(),
                                List.of(HIDDEN + 0L, VOCABULARY + 0L),
                                embedding.data()));
        g.b.output(g.b.node("MatMul", x, tied).output("logits"), ElementType.FLOAT);
        // Below the size from which equal tensors are stored once the two count as two.
        long own = ATTENTION_SIZE + FEED_FORWARD_SIZE + 2 * HIDDEN;
        long tables = 2 * 16 * 4;
        assertThat(Anatomy.of(g.model).parameters())
                .isEqualTo(own + tables + 2 * VOCABULARY * HIDDEN);

        DecoderGraph large = new DecoderGraph();
        Tensor table = Tensors.weight(1000, HIDDEN);
        String embedded =
                large.b.node("Gather", large.b.initializer("e", table), "input_ids").output("x");
        String head =
                large.b.initializer(
                        "h", new Tensor(table.type(), List.of(HIDDEN + 0L, 1000L), table.data()));
        large.b.output(large.b.node("MatMul", embedded, head).output("logits"), ElementType.FLOAT);
        Anatomy anatomy = Anatomy.of(large.model);
        assertThat(anatomy.parameters()).isEqualTo(1000 * HIDDEN + tables);
        assertThat(anatomy.bytes()).isEqualTo(4 * (1000 * HIDDEN + tables));
    }

    @Test
    void reportsParallelLayersInAllTheirForms() {
        String x = layer(g.embed(), 0);
        // GPT-NeoX: one norm each
        String a = g.fusedAttention(g.norm(x, "l1.a"), "l1.a", 1);
        String f = g.swiglu(g.norm(x, "l1.f"), "l1.f");
        x = g.add(g.add(f, a, "l1.both"), x, "l1.add");
        // GPT-J and Phi: a common norm; Cohere: attention first
        String normed = g.norm(x, "l2");
        String partly = g.add(x, g.plainAttention(normed, "l2.a", 2), "l2.partly");
        x = g.add(partly, g.swiglu(normed, "l2.f"), "l2.add");
        x = layer(x, 3);
        g.finish(x);
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.layers()).extracting(Layer::index).containsExactly(0, 3);
        assertThat(anatomy.unreadable()).containsOnlyKeys(1, 2);
        assertThat(anatomy.unreadable().get(1)).contains("parallel", "l1.add");
        assertThat(anatomy.unreadable().get(2)).contains("parallel", "l2.add");
    }

    @Test
    void reportsAnInterruptedStreamAndReadsOn() {
        String x = layer(g.embed(), 0);
        x = interrupted(x, g.fusedAttention(g.norm(x, "l1.a"), "l1.a", 1), "l1");
        x = layer(x, 2);
        g.finish(x);
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.layers()).extracting(Layer::index).containsExactly(0, 2);
        assertThat(anatomy.unreadable()).containsOnlyKeys(1);
        assertThat(anatomy.unreadable().get(1)).contains("interrupted", "l1.add");
    }

    @Test
    void reportsHalfALayerAndReadsTheOther() {
        String x = layer(g.embed(), 0);
        x = interrupted(x, g.fusedAttention(g.norm(x, "l1.a"), "l1.a", 1), "l1.a");
        x = g.add(x, g.swiglu(g.norm(x, "l1.f"), "l1.f"), "l1.f.add");
        x = g.add(x, g.fusedAttention(g.norm(x, "l2.a"), "l2.a", 2), "l2.a.add");
        x = interrupted(x, g.swiglu(g.norm(x, "l2.f"), "l2.f"), "l2.f");
        x = layer(x, 3);
        g.finish(x);
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.layers()).extracting(Layer::index).containsExactly(0, 1, 2, 3);
        assertThat(anatomy.layers().get(1).attention()).isEmpty();
        assertThat(anatomy.layers().get(1).feedForward()).isPresent();
        assertThat(anatomy.layers().get(2).attention()).isPresent();
        assertThat(anatomy.layers().get(2).feedForward()).isEmpty();
        assertThat(anatomy.unreadable()).containsOnlyKeys(1, 2);
    }

    @Test
    void reportsAnAddOverSeveralLayers() {
        String x = layer(g.embed(), 0);
        String y = g.add(x, layer(layer(x, 1), 2), "long");
        g.finish(layer(y, 3));
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.layers()).extracting(Layer::index).containsExactly(0, 3);
        assertThat(anatomy.unreadable()).containsOnlyKeys(1, 2);
        assertThat(anatomy.unreadable().get(2)).contains("long", "[1, 2]");
    }

    /** The stream is scaled, and the branch comes from the unscaled one. */
    private String interrupted(String x, String branch, String name) {
        String scaled = g.b.node("Mul", x, g.weight(name + ".alpha", HIDDEN)).output("scaled");
        return g.add(scaled, branch, name + ".add");
    }

    @Test
    void reportsWhatItsInputsPromise() {
        String x = g.embed();
        g.b.input("past_key_values.0.key", ElementType.FLOAT);
        g.b.input("past_conv.1", ElementType.FLOAT);
        g.b.output(g.linear(x, "head", HIDDEN, VOCABULARY, "logits"), ElementType.FLOAT);
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.layers()).isEmpty();
        assertThat(anatomy.unreadable()).containsOnlyKeys(0, 1);
        assertThat(anatomy.unreadable().get(1)).contains("past_conv.1");
    }

    @Test
    void numbersLayersThatLostASubLayer() {
        String x = layer(g.embed(), 0);
        x = g.add(x, g.swiglu(g.norm(x, "l1.f"), "l1.f"), "l1.f.add");
        x = g.add(x, g.fusedAttention(g.norm(x, "l2.a"), "l2.a", 2), "l2.a.add");
        x = layer(x, 3);
        g.finish(x);
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.layers()).extracting(Layer::index).containsExactly(0, 1, 2, 3);
        assertThat(anatomy.layers().get(1).attention()).isEmpty();
        assertThat(anatomy.layers().get(2).feedForward()).isEmpty();
    }

    @Test
    void leavesHeadsForDraftingAside() {
        String x = layer(g.embed(), 0);
        g.finish(x);
        for (int i = 0; i < 2; i++) {
            String name = "medusa" + i;
            String y = g.add(x, g.linear(x, name, HIDDEN, HIDDEN, name), name + ".add");
            g.b.output(y, ElementType.FLOAT);
        }
        assertKinds(ATTENTION, FEED_FORWARD);
    }

    @Test
    void readsTheBranchOfAMergedExportThatKnowsThePast() {
        String x = g.embed();
        for (int i = 0; i < LAYERS; i++) {
            x = layer(x, i);
        }
        g.finish(x);
        // The decoder becomes a branch, as Optimum's merging does it.
        OnnxModel merged = new OnnxModel("merged");
        merged.initializers().putAll(g.model.initializers());
        merged.inputs().addAll(g.model.inputs());
        merged.outputs().addAll(g.model.outputs());
        GraphProto withPast =
                GraphProto.newBuilder()
                        .addAllNode(g.model.nodes())
                        .addAllOutput(g.model.outputs())
                        .build();
        GraphProto.Builder without = GraphProto.newBuilder();
        for (ValueInfoProto output : g.model.outputs()) {
            without.addOutput(output.toBuilder().setName("embedding"));
        }
        GraphBuilder builder = new GraphBuilder(merged);
        String cached = builder.input("use_cache_branch", ElementType.BOOL, 1);
        builder.node("If", cached)
                .attribute("else_branch", without.build())
                .attribute("then_branch", withPast)
                .outputs(
                        g.model.outputs().stream()
                                .map(ValueInfoProto::getName)
                                .toArray(String[]::new));
        // In a branch the names are the branch's own: those of the If are new, so give them back.
        merged.nodes().set(0, renamed(merged.nodes().get(0), g.model.outputs()));
        Anatomy anatomy = Anatomy.of(merged);
        assertThat(anatomy.unreadable()).isEmpty();
        assertThat(anatomy.layers()).hasSize(LAYERS);
        assertThat(anatomy.layers().get(0).attention().orElseThrow().parameters())
                .isEqualTo(ATTENTION_SIZE + HIDDEN);
    }

    private static NodeProto renamed(NodeProto node, List<ValueInfoProto> outputs) {
        NodeProto.Builder builder = node.toBuilder().clearOutput();
        outputs.forEach(output -> builder.addOutput(output.getName()));
        return builder.build();
    }

    @Test
    void readsTheFusedGpt2Export() throws IOException {
        Anatomy anatomy = Anatomy.of(OnnxModel.read(Exports.file("gpt2/past")));
        assertThat(anatomy.unreadable()).isEmpty();
        assertThat(anatomy.layers()).extracting(Layer::index).containsExactly(0, 1, 2, 3, 4);
        SubLayer attention = anatomy.layers().get(0).attention().orElseThrow();
        assertThat(attention.input()).isEqualTo("EmbedLayerNormalization_0_embedding_sum");
        assertThat(attention.output()).isEqualTo("/transformer/h.0/Add_output_0");
        assertThat(attention.nodes())
                .extracting(NodeProto::getOpType)
                .containsExactly("Attention", "MatMul");
        assertThat(attention.weights())
                .containsExactly(
                        "transformer.h.0.attn.c_attn.bias",
                        "transformer.h.0.attn.c_attn.weight",
                        "transformer.h.0.attn.c_proj.weight");
        SubLayer last = anatomy.layers().get(4).feedForward().orElseThrow();
        assertThat(last.output()).isEqualTo("/transformer/ln_f/Add_1_output_0");
        assertThat(last.nodes())
                .extracting(NodeProto::getOpType)
                .containsExactly("MatMul", "FastGelu", "MatMul");
    }

    @Test
    void readsTheFusedGroupQueryExport() throws IOException {
        Anatomy anatomy = Anatomy.of(OnnxModel.read(Exports.file("qwen35-gqa-fp16/decoder")));
        assertThat(anatomy.unreadable()).isEmpty();
        assertThat(anatomy.layers()).extracting(Layer::index).containsExactly(0, 1);
        SubLayer attention = anatomy.layers().get(1).attention().orElseThrow();
        assertThat(attention.input()).isEqualTo("l0.r2");
        assertThat(attention.output()).isEqualTo("l1.r1");
        assertThat(attention.weights()).containsExactly("l1.k.w", "l1.o.w", "l1.q.w", "l1.v.w");
        SubLayer feedForward = anatomy.layers().get(0).feedForward().orElseThrow();
        assertThat(feedForward.weights()).containsExactly("l0.dn.w", "l0.up.w");
    }

    @Test
    void saysThatTheHollowHybridExportHasNoLayers() throws IOException {
        // It goes from the embedding straight to the head; its states are fed by nothing.
        Anatomy anatomy = Anatomy.of(OnnxModel.read(Exports.file("lfm2/decoder")));
        assertThat(anatomy.layers()).isEmpty();
        assertThat(anatomy.unreadable()).containsOnlyKeys(0, 1, 2, 3);
        assertThat(anatomy.unreadable().get(0)).contains("past_conv.0");
        assertThat(anatomy.unreadable().get(1)).contains("past_key_values.1.key");
    }

    private String layer(String x, int index) {
        String a = "l" + index + ".a";
        String f = "l" + index + ".f";
        String y = g.add(x, g.fusedAttention(g.norm(x, a), a, index), a + ".add");
        return g.add(y, g.swiglu(g.norm(y, f), f), f + ".add");
    }

    /** Each layer has the weights of its name, and all of them. */
    private Anatomy assertLayers() {
        g.model.validate();
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.unreadable()).isEmpty();
        assertThat(anatomy.layers()).hasSize(LAYERS);
        String before = "embedded";
        for (int i = 0; i < LAYERS; i++) {
            Layer layer = anatomy.layers().get(i);
            assertThat(layer.index()).isEqualTo(i);
            assertThat(layer.subLayers())
                    .extracting(SubLayer::kind)
                    .containsExactly(ATTENTION, FEED_FORWARD);
            for (SubLayer subLayer : layer.subLayers()) {
                assertThat(subLayer.input()).isEqualTo(before);
                before = subLayer.output();
                String prefix = "l" + i + (subLayer.kind() == ATTENTION ? ".a." : ".f.");
                assertThat(named(subLayer.weights().stream(), "l"))
                        .isEqualTo(named(g.model.initializers().keySet().stream(), prefix));
            }
        }
        return anatomy;
    }

    private static List<String> named(Stream<String> names, String prefix) {
        return names.filter(name -> name.startsWith(prefix)).sorted().toList();
    }

    private void assertKinds(SubLayer.Kind... kinds) {
        Anatomy anatomy = Anatomy.of(g.model);
        assertThat(anatomy.unreadable()).isEmpty();
        assertThat(anatomy.layers().stream().flatMap(layer -> layer.subLayers().stream()))
                .extracting(SubLayer::kind)
                .containsExactly(kinds);
    }

    /** No node in two branches, and from a branch nothing but its add and outputs is fed. */
    private void assertDisjointAndClosed(Anatomy anatomy) {
        List<NodeProto> all = new ArrayList<>();
        for (Layer layer : anatomy.layers()) {
            for (SubLayer subLayer : layer.subLayers()) {
                all.addAll(subLayer.nodes());
                for (NodeProto node : subLayer.nodes()) {
                    for (String output : node.getOutputList()) {
                        assertThat(g.model.consumers(output))
                                .allMatch(
                                        user ->
                                                subLayer.nodes().contains(user)
                                                        || user.equals(subLayer.residualAdd()));
                    }
                }
            }
        }
        assertThat(all).doesNotHaveDuplicates();
    }
}
