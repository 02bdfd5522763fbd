package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A product of activations with a constant matrix that can be cut along both of its sides. */
sealed interface Product permits FloatProduct, BlockProduct {
    /** Returns the node. */
    NodeProto node();

    /** Returns the features that come in. */
    int in();

    /** Returns the features that come out. */
    int out();

    /** Returns the trained values that a feature that comes out has: its row, its bias. */
    long parametersOfRow();

    /** Returns a reason why features cannot be cut at a number, null if they can. */
    @Nullable String uncuttable(int columns);

    /** Returns the node, with the same inputs and outputs, for some of what comes out. */
    NodeProto rows(int from, int to, Cuts cuts);

    /** Returns the node, with the same inputs and outputs, for the first of what comes in. */
    NodeProto columns(int to, Cuts cuts);

    /** Reads products among the nodes of one model. */
    final class Reader {
        private final Map<String, Tensor> matrices;
        private final Map<String, NodeProto> turnings = new HashMap<>();

        Reader(OnnxModel model) {
            matrices = new HashMap<>(model.initializers());
            for (NodeProto node : model.nodes()) {
                Tensor matrix =
                        node.getOpType().equals("Transpose")
                                ? model.initializers().get(node.getInput(0))
                                : null;
                if (matrix != null && matrix.shape().size() == 2 && turns(node)) {
                    turnings.put(node.getOutput(0), node);
                    matrices.put(
                            node.getOutput(0),
                            new Tensor(
                                    matrix.type(),
                                    List.of(matrix.shape().get(1), matrix.shape().get(0)),
                                    matrix.data()));
                }
            }
        }

        /** Reads a node; null if it is no such product. */
        @Nullable Product product(NodeProto node) {
            if (node.getOpType().equals("MatMulNBits")) {
                return BlockProduct.of(node, matrices);
            }
            Linear linear = Linear.of(node, matrices);
            return linear == null ? null : FloatProduct.of(linear, turnings, matrices);
        }

        private static boolean turns(NodeProto node) {
            return node.getAttributeList().stream()
                    .filter(attribute -> attribute.getName().equals("perm"))
                    .allMatch(attribute -> attribute.getIntsList().equals(List.of(1L, 0L)));
        }
    }
}
