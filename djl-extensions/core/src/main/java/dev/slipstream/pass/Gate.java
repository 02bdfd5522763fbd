package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A sub-layer wrapped in an ONNX {@code If}; the other branch is the identity. What is not computed
 * costs the {@code If} and a tensor of zeros. Weights stay outside of the branches, where ONNX
 * Runtime packs them as those of any node. A feed-forward with gates inside gets no {@code If} but
 * all of its rows or none.
 *
 * <p>An attention that is not computed leaves keys and values of its tokens unwritten: a hole.
 * Later tokens for which it is computed attend to what lies there, zeros or what an earlier text
 * left. Whoever switches attention within a text decides what that means; switched for a whole
 * text, the hole is never read.
 */
final class Gate {
    private final OnnxModel model;
    private final String name;
    private final SubLayer subLayer;
    private final List<NodeProto> moved;
    private final String branch;
    private final Map<String, String> pastOfPresent;

    private Gate(
            OnnxModel model,
            String name,
            SubLayer subLayer,
            List<NodeProto> moved,
            String branch,
            Map<String, String> pastOfPresent) {
        this.model = model;
        this.name = name;
        this.subLayer = subLayer;
        this.moved = moved;
        this.branch = branch;
        this.pastOfPresent = pastOfPresent;
    }

    /**
     * Reads what a gate would wrap.
     *
     * @param model gets the gate with {@link #close}
     * @throws PassException that names the sub-layer, if leaving it out is not the identity or its
     *     inner values are used elsewhere
     */
    static Gate of(OnnxModel model, SubLayerName name, SubLayer subLayer) {
        for (String weight : subLayer.weights()) {
            switch (model.initializers().get(weight).type()) {
                case FLOAT16, BFLOAT16, DOUBLE ->
                        throw refused(
                                model,
                                name,
                                "32-bit floats or quantised weights",
                                weight + " of " + model.initializers().get(weight).type());
                default -> {
                    // Whole numbers are shapes or quantised values.
                }
            }
        }
        NodeProto add = subLayer.residualAdd();
        int bias = BranchAdd.fused(add) ? BranchAdd.bias(add) : add.getInputCount();
        if (bias < add.getInputCount() && !add.getInput(bias).isEmpty()) {
            throw refused(
                    model,
                    name,
                    "a branch with its bias inside",
                    "%s in the residual add; export the model without that fusion"
                            .formatted(add.getInput(bias)));
        }
        List<NodeProto> moved = behindStream(model, subLayer);
        if (name.kind() == SubLayer.Kind.ATTENTION) {
            for (NodeProto node : moved) {
                if (node.getOpType().equals("If")) {
                    throw refused(
                            model,
                            name,
                            "an attention without gates, because ONNX Runtime does not pack the weights of a gate in a gate",
                            node.getOutput(0));
                }
            }
        }
        Set<String> made = new HashSet<>();
        moved.forEach(node -> made.addAll(node.getOutputList()));
        String branch = made.contains(add.getInput(0)) ? add.getInput(0) : add.getInput(1);
        if (!made.contains(branch)
                || !new HashSet<>(model.nodes()).containsAll(moved)
                || made.contains(add.getInput(branch.equals(add.getInput(0)) ? 1 : 0))) {
            throw refused(
                    model,
                    name,
                    "a branch of its own in the outermost graph",
                    "none before " + add.getOutput(0) + "; export the decoder with past alone");
        }
        Map<String, String> presents = presents(model, name, moved);
        Set<String> kept = new HashSet<>(presents.keySet());
        kept.add(branch);
        Set<NodeProto> inside = new HashSet<>(moved);
        Set<String> outputs = new HashSet<>();
        model.outputs().forEach(output -> outputs.add(output.getName()));
        for (String value : made) {
            boolean used =
                    outputs.contains(value)
                            || model.consumers(value).stream()
                                    .anyMatch(node -> !inside.contains(node));
            if (used && !kept.contains(value)) {
                throw refused(
                        model,
                        name,
                        "inner values that nothing else uses, and keys and values in place (GroupQueryAttention with the input seqlens_k)",
                        "a use of " + value);
            }
        }
        return new Gate(model, name.toString(), subLayer, moved, branch, presents);
    }

    /** Past and present are one buffer in the models that this finds: skipping leaves it as is. */
    private static Map<String, String> presents(
            OnnxModel model, SubLayerName name, List<NodeProto> moved) {
        Map<String, String> presents = new LinkedHashMap<>();
        boolean inPlace =
                model.inputs().stream().anyMatch(input -> input.getName().equals("seqlens_k"));
        for (NodeProto node : moved) {
            if (inPlace && node.getOpType().equals("GroupQueryAttention")) {
                for (int side = 0; side < 2; side++) {
                    presents.put(node.getOutput(1 + side), node.getInput(3 + side));
                }
            }
        }
        if (presents.isEmpty() && name.kind() == SubLayer.Kind.ATTENTION) {
            throw refused(
                    model,
                    name,
                    "keys and values in place (GroupQueryAttention with the input seqlens_k)",
                    "a past that grows; remove the attention by a pass instead, or leave it on");
        }
        return presents;
    }

    /** Returns the stream before a sub-layer, and what is made along with it, such as its norm. */
    static Set<String> streamOf(OnnxModel model, SubLayer subLayer) {
        Set<String> stream = new HashSet<>(Set.of(subLayer.input()));
        model.producer(subLayer.input()).ifPresent(node -> stream.addAll(node.getOutputList()));
        stream.remove("");
        return stream;
    }

    private static List<NodeProto> behindStream(OnnxModel model, SubLayer subLayer) {
        Set<String> stream = streamOf(model, subLayer);
        List<NodeProto> moved = new ArrayList<>();
        for (NodeProto node : subLayer.nodes()) {
            Set<String> used = new LinkedHashSet<>();
            names(node, used);
            if (used.stream().anyMatch(stream::contains)) {
                stream.addAll(node.getOutputList());
                stream.remove("");
                moved.add(node);
            }
        }
        return moved;
    }

    /** Collects the values that a node and its branches read. */
    static void names(NodeProto node, Set<String> names) {
        names.addAll(node.getInputList());
        for (AttributeProto attribute : node.getAttributeList()) {
            attribute.getG().getNodeList().forEach(inner -> names(inner, names));
            attribute.getG().getOutputList().forEach(output -> names.add(output.getName()));
        }
    }

    /**
     * Puts the gate in.
     *
     * @param condition name of a boolean value: true computes the sub-layer
     */
    void close(String condition) {
        if (moved.stream().anyMatch(node -> node.getOpType().equals("If"))) {
            RowGate.close(model, name, subLayer, moved, branch, condition);
            return;
        }
        model.nodes().removeAll(moved);
        GraphBuilder graph = new GraphBuilder(model);
        List<String> names = new ArrayList<>(List.of(branch));
        names.addAll(pastOfPresent.keySet());
        GraphBuilder computed = graph.subgraph(name + ".computed");
        for (NodeProto node : moved) {
            NodeProto.Builder inner = node.toBuilder();
            for (int i = 0; i < node.getInputCount(); i++) {
                inner.setInput(i, inside(node.getInput(i), names));
            }
            for (int i = 0; i < node.getOutputCount(); i++) {
                inner.setOutput(i, inside(node.getOutput(i), names));
            }
            computed.model().nodes().add(inner.build());
        }
        names.forEach(value -> output(computed, inside(value, names)));
        GraphBuilder skipped = graph.subgraph(name + ".skipped");
        String size = skipped.node("Shape", subLayer.input()).output(name + ".size");
        output(skipped, skipped.node("ConstantOfShape", size).output(name + ".nothing"));
        pastOfPresent.forEach(
                (present, past) ->
                        output(
                                skipped,
                                skipped.node("Identity", past).output(present + ".unchanged")));
        model.nodes().add(choose(condition, computed.graph(), skipped.graph(), names));
    }

    private static String inside(String value, List<String> shown) {
        return shown.contains(value) ? value + ".computed" : value;
    }

    /** Returns an {@code If}. */
    static NodeProto choose(
            String condition, GraphProto computed, GraphProto other, List<String> outputs) {
        return NodeProto.newBuilder()
                .setName(outputs.get(0))
                .setOpType("If")
                .addInput(condition)
                .addAllOutput(outputs)
                .addAttribute(branch("then_branch", computed))
                .addAttribute(branch("else_branch", other))
                .build();
    }

    private static AttributeProto branch(String name, GraphProto graph) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.GRAPH)
                .setG(graph)
                .build();
    }

    /** Declares floats of any shape to be a branch's result. */
    static void output(GraphBuilder branch, String value) {
        branch.model()
                .outputs()
                .add(
                        ValueInfoProto.newBuilder()
                                .setName(value)
                                .setType(
                                        TypeProto.newBuilder()
                                                .setTensorType(
                                                        TypeProto.Tensor.newBuilder()
                                                                .setElemType(
                                                                        ElementType.FLOAT.code())))
                                .build());
    }

    private static PassException refused(
            OnnxModel model, SubLayerName name, String expected, String found) {
        return new PassException(
                "%s, %s: expected %s, found %s".formatted(model.name(), name, expected, found));
    }
}
