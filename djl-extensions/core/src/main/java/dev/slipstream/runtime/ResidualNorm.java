package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A root mean square norm and, where there is a branch, the sum before it.
 *
 * @param node the one that computes both
 * @param stream what is normed, or the first term of the sum
 * @param branch the second; empty if there is none
 * @param weight a constant of 32-bit floats
 * @param sum what to call the sum; empty if there is none
 * @param epsilon what is added to the mean of the squares
 */
record ResidualNorm(
        NodeProto node, String stream, String branch, String weight, String sum, float epsilon) {
    private static final String SKIP = "SkipSimplifiedLayerNormalization";
    private static final String PLAIN = "SimplifiedLayerNormalization";

    /** Returns the norm that a node is; null if it is none that the operators can do. */
    static @Nullable ResidualNorm of(NodeProto node, OnnxModel graph) {
        ResidualNorm norm =
                switch (node.getOpType()) {
                    case SKIP -> skip(node);
                    case PLAIN -> plain(node);
                    default -> null;
                };
        Tensor weight = norm == null ? null : graph.initializers().get(norm.weight);
        return weight != null && weight.type() == ElementType.FLOAT ? norm : null;
    }

    private static @Nullable ResidualNorm skip(NodeProto node) {
        boolean statistics =
                node.getOutputList().stream().skip(1).limit(2).anyMatch(name -> !name.isEmpty());
        if (node.getInputCount() != 3 || statistics) {
            return null;
        }
        String sum = node.getOutputCount() > 3 ? node.getOutput(3) : "";
        return new ResidualNorm(
                node,
                node.getInput(0),
                node.getInput(1),
                node.getInput(2),
                sum.isEmpty() ? node.getOutput(0) + ".sum" : sum,
                Attributes.real(node, "epsilon", 1e-12f));
    }

    private static @Nullable ResidualNorm plain(NodeProto node) {
        return node.getOutputCount() == 1 && Attributes.whole(node, "axis", -1) == -1
                ? new ResidualNorm(
                        node,
                        node.getInput(0),
                        "",
                        node.getInput(1),
                        "",
                        Attributes.real(node, "epsilon", 1e-5f))
                : null;
    }

    /** Adds its inputs but the first to a node, and its sum to the results. */
    void addTo(NodeProto.Builder node) {
        node.addInput(branch).addInput(weight);
        if (!branch.isEmpty()) {
            node.addOutput(sum);
        }
    }
}
