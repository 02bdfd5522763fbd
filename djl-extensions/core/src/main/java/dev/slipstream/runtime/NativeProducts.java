package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.PackedMatrices.Matrix;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts native products in the place of {@code MatMulNBits}: a norm, the product behind it and, of a
 * feed-forward, all between its matrices are one node. {@link DecoderModel} does this by itself
 * where the operators are on the class path; use it for a session of your own that has registered
 * them.
 *
 * <p>Weights are laid out anew once, and nothing is packed when the session opens. A row's bits
 * depend on nothing but the row, nor on what could be joined to one node: norms and gated units
 * that stand alone, as around a gate, are computed by the same code. Products with zero points, in
 * blocks other than 32 or of another accuracy level stay as they are; a graph that has only such is
 * not changed at all.
 */
public final class NativeProducts {
    /**
     * Of what the operators compute; a change of their arithmetic, as of its order, is a new one.
     */
    static final String VERSION = "products-1";

    private static final String DOMAIN = "dev.slipstream";

    private final OnnxModel graph;

    /** How many nodes and results of graphs use a value. */
    private final Map<String, Integer> uses = new HashMap<>();

    private final PackedMatrices matrices;

    /** What stands in the place of a node; nothing if it is part of another. */
    private final Map<NodeProto, List<NodeProto>> replacements = new HashMap<>();

    private NativeProducts(OnnxModel graph) {
        this.graph = graph;
        matrices = new PackedMatrices(graph);
    }

    /**
     * Returns the graph with native operators; itself if there is nothing for them to do.
     *
     * @param graph not changed
     */
    public static OnnxModel of(OnnxModel graph) {
        OnnxModel copy = graph.copy();
        NativeProducts rewrite = new NativeProducts(copy);
        graph.outputs().forEach(output -> rewrite.use(output.getName()));
        rewrite.countUses(graph.nodes());
        rewrite.read(graph.nodes());
        if (rewrite.replacements.isEmpty()) {
            return graph;
        }
        rewrite.readAlone(graph.nodes());
        copy.replaceNodes(node -> rewrite.replacements.getOrDefault(node, List.of(node)));
        copy.opsets().put(DOMAIN, 1);
        copy.removeUnused();
        return copy;
    }

    private void use(String value) {
        uses.merge(value, 1, Integer::sum);
    }

    private void countUses(List<NodeProto> nodes) {
        for (NodeProto node : nodes) {
            node.getInputList().forEach(this::use);
            for (GraphProto branch : branches(node)) {
                branch.getOutputList().forEach(output -> use(output.getName()));
                countUses(branch.getNodeList());
            }
        }
    }

    private static List<GraphProto> branches(NodeProto node) {
        return node.getAttributeList().stream()
                .filter(AttributeProto::hasG)
                .map(AttributeProto::getG)
                .toList();
    }

    /** One graph or branch: what is joined to one node stands in the same one. */
    private void read(List<NodeProto> nodes) {
        Map<String, NodeProto> producers = new HashMap<>();
        for (NodeProto node : nodes) {
            node.getOutputList().forEach(value -> producers.put(value, node));
            branches(node).forEach(branch -> read(branch.getNodeList()));
        }
        for (NodeProto node : nodes) {
            if (node.getOpType().equals("MatMulNBits")) {
                feedForward(node, producers);
            }
        }
        for (NodeProto node : nodes) {
            if (!replacements.containsKey(node)) {
                product(node, producers);
            }
        }
        for (NodeProto node : nodes) {
            if (node.getOpType().equals("GatherBlockQuantized")) {
                gather(node);
            }
        }
    }

    private void product(NodeProto node, Map<String, NodeProto> producers) {
        Matrix matrix = matrices.ofProduct(node);
        if (matrix == null) {
            return;
        }
        ResidualNorm norm = norm(node.getInput(0), 1, producers);
        NodeProto.Builder result = node("QuantizedMatMul", node);
        result.addInput(norm == null ? node.getInput(0) : norm.stream()).addInput(matrix.tiles());
        finish(result, node, norm, matrix);
    }

    /** Makes one node of a feed-forward, if a product is its last. */
    private void feedForward(NodeProto down, Map<String, NodeProto> producers) {
        NodeProto gated = only(down.getInput(0), 1, "Mul", producers);
        for (int side = 0; gated != null && side < 2; side++) {
            NodeProto silu = only(gated.getInput(side), 1, "QuickGelu", producers);
            NodeProto up = only(gated.getInput(1 - side), 1, "MatMulNBits", producers);
            if (silu == null || up == null || !isSilu(silu)) {
                continue;
            }
            NodeProto gate = only(silu.getInput(0), 1, "MatMulNBits", producers);
            if (gate != null) {
                join(gate, silu, up, gated, down, producers);
                return;
            }
        }
    }

    private void join(
            NodeProto gate,
            NodeProto silu,
            NodeProto up,
            NodeProto gated,
            NodeProto down,
            Map<String, NodeProto> producers) {
        Matrix first = matrices.ofProduct(gate);
        Matrix second = matrices.ofProduct(up);
        Matrix last = matrices.ofProduct(down);
        if (first == null
                || second == null
                || last == null
                || first.outputs() != second.outputs()
                || first.inputs() != second.inputs()
                || last.inputs() != first.outputs()
                || !gate.getInput(0).equals(up.getInput(0))) {
            return;
        }
        ResidualNorm norm = norm(gate.getInput(0), 2, producers);
        NodeProto.Builder result = node("QuantizedFeedForward", down);
        result.addInput(norm == null ? gate.getInput(0) : norm.stream())
                .addInput(first.tiles())
                .addInput(second.tiles())
                .addInput(last.tiles())
                .addAttribute(Attributes.of("neurons", first.outputs()));
        for (NodeProto part : List.of(gate, silu, up, gated)) {
            replacements.put(part, List.of());
        }
        finish(result, down, norm, last);
    }

    private void finish(
            NodeProto.Builder result,
            NodeProto replaced,
            @Nullable ResidualNorm norm,
            Matrix matrix) {
        result.addOutput(replaced.getOutput(0));
        if (norm != null) {
            norm.addTo(result);
            replacements.put(norm.node(), List.of());
        }
        result.addAttribute(Attributes.of("outputs", matrix.outputs()));
        result.addAttribute(Attributes.of("epsilon", norm == null ? 0 : norm.epsilon()));
        replacements.put(replaced, List.of(result.build()));
    }

    /** Norms and gated units that are part of no other node, so that their bits are the same. */
    private void readAlone(List<NodeProto> nodes) {
        Map<String, NodeProto> producers = new HashMap<>();
        for (NodeProto node : nodes) {
            node.getOutputList().forEach(value -> producers.put(value, node));
            branches(node).forEach(branch -> readAlone(branch.getNodeList()));
        }
        for (NodeProto node : nodes) {
            ResidualNorm norm = ResidualNorm.of(node, graph);
            if (replacements.containsKey(node)) {
                continue;
            }
            if (norm != null) {
                NodeProto.Builder result =
                        node("RootMeanSquareNorm", node)
                                .addInput(norm.stream())
                                .addOutput(node.getOutput(0))
                                .addAttribute(Attributes.of("epsilon", norm.epsilon()));
                norm.addTo(result);
                replacements.put(node, List.of(result.build()));
            } else if (node.getOpType().equals("Mul")) {
                gatedUnit(node, producers);
            }
        }
    }

    private void gatedUnit(NodeProto gated, Map<String, NodeProto> producers) {
        for (int side = 0; side < 2; side++) {
            NodeProto silu = only(gated.getInput(side), 1, "QuickGelu", producers);
            String up = gated.getInput(1 - side);
            if (silu != null && isSilu(silu) && !graph.initializers().containsKey(up)) {
                NodeProto.Builder result =
                        node("GatedUnit", gated)
                                .addInput(silu.getInput(0))
                                .addInput(up)
                                .addOutput(gated.getOutput(0));
                replacements.put(silu, List.of());
                replacements.put(gated, List.of(result.build()));
                return;
            }
        }
    }

    private void gather(NodeProto node) {
        Matrix table = matrices.ofLookUp(node);
        if (table == null || !isWhole(node.getInput(1))) {
            return;
        }
        NodeProto gather =
                node("QuantizedGather", node)
                        .addInput(node.getInput(1))
                        .addInput(table.tiles())
                        .addOutput(node.getOutput(0))
                        .addAttribute(Attributes.of("outputs", table.outputs()))
                        .addAttribute(Attributes.of("inputs", table.inputs()))
                        .build();
        replacements.put(node, List.of(gather));
    }

    /** Whether a value is an input of 64-bit numbers; an operator of ours takes no others. */
    private boolean isWhole(String value) {
        return graph.inputs().stream()
                .filter(input -> input.getName().equals(value))
                .anyMatch(
                        input ->
                                input.getType().getTensorType().getElemType()
                                        == ElementType.INT64.code());
    }

    private static NodeProto.Builder node(String operator, NodeProto replaced) {
        return NodeProto.newBuilder()
                .setName(replaced.getName())
                .setOpType(operator)
                .setDomain(DOMAIN);
    }

    /** Returns the norm that makes a value, if nothing else uses it; null else. */
    private @Nullable ResidualNorm norm(String value, int users, Map<String, NodeProto> producers) {
        NodeProto producer = producers.get(value);
        return producer != null
                        && producer.getOutput(0).equals(value)
                        && uses.getOrDefault(value, 0) == users
                ? ResidualNorm.of(producer, graph)
                : null;
    }

    private @Nullable NodeProto only(
            String value, int users, String operator, Map<String, NodeProto> producers) {
        NodeProto producer = producers.get(value);
        return producer != null
                        && producer.getOpType().equals(operator)
                        && uses.getOrDefault(value, 0) == users
                ? producer
                : null;
    }

    private static boolean isSilu(NodeProto node) {
        return node.getAttributeList().stream()
                .anyMatch(a -> a.getName().equals("alpha") && a.getF() == 1);
    }
}
