package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import java.util.Optional;
import java.util.Set;

/**
 * The place where a sub-layer's branch joins the residual stream.
 *
 * @param name which sub-layer's branch
 * @param subLayer the same
 * @param branch index of the operand that is the branch, 0 or 1; the other is the stream
 */
record BranchAdd(SubLayerName name, SubLayer subLayer, int branch) {
    private static final int SUM = 3;
    private static final String SIMPLIFIED = "SkipSimplifiedLayerNormalization";
    private static final Set<String> FUSED = Set.of("SkipLayerNormalization", SIMPLIFIED);
    private static final Set<String> COPIES = Set.of("Identity", "Cast", "Dropout");

    /**
     * Reads a sub-layer's place.
     *
     * @throws PassException if the branch is not in the open, where it could be taken out
     */
    static BranchAdd of(SubLayerName name, SubLayer subLayer, OnnxModel graph) {
        NodeProto add = subLayer.residualAdd();
        if (!graph.nodes().contains(add)) {
            throw new PassException(
                    "%s: %s: expected it in the graph itself, found it in a branch of an If, as where two decoders were exported in one; export the decoder with its past alone"
                            .formatted(graph.name(), name));
        }
        for (NodeProto node : subLayer.nodes()) {
            if (node.getAttributeList().stream().anyMatch(attribute -> attribute.hasG())) {
                throw new PassException(
                        "%s: %s: expected it in the open, found it behind the gate %s; begin with the model without gates"
                                .formatted(graph.name(), name, node.getName()));
            }
        }
        for (int stream = 0; stream < 2; stream++) {
            if (leads(add.getInput(stream), subLayer.input(), graph)) {
                return new BranchAdd(name, subLayer, 1 - stream);
            }
        }
        throw new PassException(
                "%s: %s: expected the stream %s among the operands of %s, found %s"
                        .formatted(
                                graph.name(),
                                name,
                                subLayer.input(),
                                add.getName(),
                                add.getInputList()));
    }

    /** Tells whether an operand is the stream or a copy of it. */
    private static boolean leads(String operand, String stream, OnnxModel graph) {
        String value = operand;
        while (!value.equals(stream)) {
            Optional<NodeProto> copy =
                    graph.producer(value).filter(node -> COPIES.contains(node.getOpType()));
            if (copy.isEmpty()) {
                return false;
            }
            value = copy.get().getInput(0);
        }
        return true;
    }

    /** Tells whether a node normalises what it adds. */
    static boolean fused(NodeProto node) {
        return FUSED.contains(node.getOpType());
    }

    /** Returns the norm that is in a fused node. */
    static String norm(NodeProto fused) {
        return simplified(fused) ? "SimplifiedLayerNormalization" : "LayerNormalization";
    }

    /** Returns the index of a fused node's bias, which it adds to the branch. */
    static int bias(NodeProto fused) {
        return simplified(fused) ? 3 : 4;
    }

    /** Returns the name of a fused node's sum; empty if it gives none out. */
    static String sum(NodeProto fused) {
        return fused.getOutputCount() > SUM ? fused.getOutput(SUM) : "";
    }

    private static boolean simplified(NodeProto fused) {
        return fused.getOpType().equals(SIMPLIFIED);
    }

    NodeProto node() {
        return subLayer.residualAdd();
    }

    /** Returns the operand that is the stream. */
    String stream() {
        return node().getInput(1 - branch);
    }
}
