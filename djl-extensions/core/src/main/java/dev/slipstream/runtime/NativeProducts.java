package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
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
 * depend on nothing but the row. Products with zero points, in blocks other than 32 or of another
 * accuracy level stay as they are.
 */
public final class NativeProducts {
    /**
     * Of what the operators compute; a change of their arithmetic, as of its order, is a new one.
     */
    static final String VERSION = "products-1";

    private static final String DOMAIN = "dev.slipstream";
    private static final String MICROSOFT = "com.microsoft";
    private static final String TILES = ".tiles";

    private final OnnxModel graph;

    /** How many nodes and results of graphs use a value. */
    private final Map<String, Integer> uses = new HashMap<>();

    private final Map<String, Matrix> matrices = new HashMap<>();

    /** What stands in the place of a node, by its first result; none if it is part of another. */
    private final Map<String, List<NodeProto>> replacements = new HashMap<>();

    private NativeProducts(OnnxModel graph) {
        this.graph = graph;
    }

    /** A packed matrix. */
    private record Matrix(String tiles, long outputs, long inputs) {}

    /** A sum and its norm, which the node behind it computes too. */
    private record Norm(NodeProto node, String stream, String branch, String weight, String sum) {
        float epsilon() {
            return node.getAttributeList().stream()
                    .filter(attribute -> attribute.getName().equals("epsilon"))
                    .map(AttributeProto::getF)
                    .findFirst()
                    .orElse(1e-5f);
        }
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
        copy.replaceNodes(
                node ->
                        node.getOutputCount() == 0
                                ? List.of(node)
                                : rewrite.replacements.getOrDefault(
                                        node.getOutput(0), List.of(node)));
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
            if (matrix(node) != null) {
                feedForward(node, producers);
            }
        }
        for (NodeProto node : nodes) {
            if (matrix(node) != null && !replacements.containsKey(node.getOutput(0))) {
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
        Matrix matrix = matrix(node);
        Norm norm = norm(node.getInput(0), 1, producers);
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
        Matrix first = matrix(gate);
        Matrix second = matrix(up);
        Matrix last = matrix(down);
        if (first == null
                || second == null
                || last == null
                || first.outputs() != second.outputs()
                || first.inputs() != second.inputs()
                || last.inputs() != first.outputs()
                || !gate.getInput(0).equals(up.getInput(0))) {
            return;
        }
        Norm norm = norm(gate.getInput(0), 2, producers);
        NodeProto.Builder result = node("QuantizedFeedForward", down);
        result.addInput(norm == null ? gate.getInput(0) : norm.stream())
                .addInput(first.tiles())
                .addInput(second.tiles())
                .addInput(last.tiles())
                .addAttribute(whole("neurons", first.outputs()));
        for (NodeProto part : List.of(gate, silu, up, gated)) {
            replacements.put(part.getOutput(0), List.of());
        }
        finish(result, down, norm, last);
    }

    private void finish(
            NodeProto.Builder result, NodeProto replaced, @Nullable Norm norm, Matrix matrix) {
        result.addOutput(replaced.getOutput(0));
        if (norm != null) {
            result.addInput(norm.branch()).addInput(norm.weight());
            if (!norm.branch().isEmpty()) {
                result.addOutput(norm.sum());
            }
            replacements.put(norm.node().getOutput(0), List.of());
        }
        result.addAttribute(whole("outputs", matrix.outputs()));
        result.addAttribute(
                AttributeProto.newBuilder()
                        .setName("epsilon")
                        .setType(AttributeProto.AttributeType.FLOAT)
                        .setF(norm == null ? 0 : norm.epsilon()));
        replacements.put(replaced.getOutput(0), List.of(result.build()));
    }

    private void gather(NodeProto node) {
        Matrix table = node.getInputCount() == 3 ? matrices.get(node.getInput(2)) : null;
        boolean rows =
                attribute(node, "gather_axis", 0) == 0
                        && attribute(node, "quantize_axis", 1) == 1
                        && attribute(node, "block_size", 128) == PanelPacking.BLOCK;
        // Without a product over the same matrix it would only be moved.
        if (table == null || !rows) {
            return;
        }
        NodeProto gather =
                node("QuantizedGather", node)
                        .addInput(node.getInput(1))
                        .addInput(table.tiles())
                        .addOutput(node.getOutput(0))
                        .addAttribute(whole("outputs", table.outputs()))
                        .addAttribute(whole("inputs", table.inputs()))
                        .build();
        replacements.put(node.getOutput(0), List.of(gather));
    }

    private static NodeProto.Builder node(String operator, NodeProto replaced) {
        return NodeProto.newBuilder()
                .setName(replaced.getName())
                .setOpType(operator)
                .setDomain(DOMAIN);
    }

    /** Returns the norm that makes a value, if nothing else uses it; null else. */
    private @Nullable Norm norm(String value, int users, Map<String, NodeProto> producers) {
        NodeProto skip = only(value, users, "SkipSimplifiedLayerNormalization", producers);
        if (skip != null && skip.getInputCount() == 3 && skip.getOutput(0).equals(value)) {
            String sum = skip.getOutputCount() > 3 ? skip.getOutput(3) : "";
            boolean statistics =
                    skip.getOutputList().stream().skip(1).limit(2).anyMatch(s -> !s.isEmpty());
            return statistics
                    ? null
                    : new Norm(
                            skip,
                            skip.getInput(0),
                            skip.getInput(1),
                            skip.getInput(2),
                            sum.isEmpty() ? value + ".sum" : sum);
        }
        NodeProto plain = only(value, users, "SimplifiedLayerNormalization", producers);
        return plain != null && plain.getOutputCount() == 1 && attribute(plain, "axis", -1) == -1
                ? new Norm(plain, plain.getInput(0), "", plain.getInput(1), "")
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

    /** Returns the matrix of a product that the operators can do, packed; null else. */
    private @Nullable Matrix matrix(NodeProto node) {
        if (!node.getOpType().equals("MatMulNBits")
                || !node.getDomain().equals(MICROSOFT)
                || node.getInputList().stream().skip(3).anyMatch(input -> !input.isEmpty())
                || attribute(node, "block_size", 0) != PanelPacking.BLOCK
                || attribute(node, "accuracy_level", 0) != 4) {
            return null;
        }
        Matrix known = matrices.get(node.getInput(2));
        if (known != null) {
            return known;
        }
        Tensor values = graph.initializers().get(node.getInput(1));
        Tensor scales = graph.initializers().get(node.getInput(2));
        int bits = (int) attribute(node, "bits", 4);
        int outputs = (int) attribute(node, "N", 0);
        int inputs = (int) attribute(node, "K", 0);
        int blocks = (inputs + PanelPacking.BLOCK - 1) / PanelPacking.BLOCK;
        if (values == null
                || scales == null
                || (bits != 4 && bits != 8)
                || scales.data().remaining() != (long) outputs * blocks * Float.BYTES
                || values.data().remaining()
                        != (long) outputs * blocks * PanelPacking.BLOCK * bits / 8
                || PanelPacking.bytes(outputs, blocks, bits) > Integer.MAX_VALUE / 2) {
            return null;
        }
        String name = node.getInput(1) + TILES;
        graph.initializers().put(name, PanelPacking.pack(values, scales, outputs, blocks, bits));
        Matrix matrix = new Matrix(name, outputs, inputs);
        matrices.put(node.getInput(2), matrix);
        return matrix;
    }

    private static long attribute(NodeProto node, String name, long absent) {
        return node.getAttributeList().stream()
                .filter(attribute -> attribute.getName().equals(name))
                .map(AttributeProto::getI)
                .findFirst()
                .orElse(absent);
    }

    private static AttributeProto whole(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }
}
