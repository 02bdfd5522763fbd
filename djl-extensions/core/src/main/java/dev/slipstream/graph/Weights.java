package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.BitSet;
import java.util.Collection;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Which initializers nodes use, and how many trained values each holds. */
final class Weights {
    private final Map<String, Tensor> initializers;
    private final DataFlow flow;
    private final SortedMap<String, Long> parameters = new TreeMap<>();
    private final BitSet followed = new BitSet();

    private Weights(Map<String, Tensor> initializers, DataFlow flow) {
        this.initializers = initializers;
        this.flow = flow;
    }

    /**
     * Returns the initializers that nodes use, directly or through nodes that only rearrange them,
     * each with the number of trained values in it.
     *
     * @param flow what the nodes are part of
     */
    static SortedMap<String, Long> of(
            Collection<NodeProto> nodes, Map<String, Tensor> initializers, DataFlow flow) {
        Weights weights = new Weights(initializers, flow);
        nodes.forEach(weights::add);
        return weights.parameters;
    }

    private void add(NodeProto node) {
        for (int i = 0; i < node.getInputCount(); i++) {
            String value = node.getInput(i);
            Tensor tensor = initializers.get(value);
            if (tensor != null) {
                parameters.merge(value, trained(node, i, tensor), Math::max);
            } else if (flow.constant(value)) {
                int producer = flow.producer(value);
                if (producer >= 0 && !followed.get(producer)) {
                    followed.set(producer);
                    add(flow.node(producer));
                }
            }
        }
        for (GraphProto graph : Values.subgraphs(node)) {
            graph.getNodeList().forEach(this::add);
        }
    }

    /** Returns how many trained values a node's input holds. */
    private static long trained(NodeProto user, int input, Tensor tensor) {
        boolean number =
                switch (tensor.type()) {
                    case INT64, INT32, BOOL -> true;
                    default -> tensor.elements() <= 1;
                };
        if (number) {
            return 0;
        }
        return switch (user.getOpType()) {
            case "MatMulNBits", "MatMulBnb4" ->
                    switch (input) {
                        case 1 ->
                                Math.multiplyExact(
                                        Attributes.whole(user, "N", 0),
                                        Attributes.whole(user, "K", 0));
                        case 5 -> tensor.elements();
                        default -> 0;
                    };
            case "GatherBlockQuantized" ->
                    input == 0 ? packed(tensor, Attributes.whole(user, "bits", 4)) : 0;
            case "QMoE" ->
                    switch (input) {
                        case 2, 5, 8 ->
                                packed(tensor, Attributes.whole(user, "expert_weight_bits", 4));
                        case 4, 7, 10 -> tensor.elements();
                        default -> 0;
                    };
            case "DequantizeLinear" -> input == 0 ? tensor.elements() : 0;
            case "MatMulInteger" -> input <= 1 ? tensor.elements() : 0;
            case "DynamicQuantizeMatMul" -> input == 1 || input == 4 ? tensor.elements() : 0;
            case "MatMulIntegerToFloat" -> input == 1 || input == 6 ? tensor.elements() : 0;
            case "QLinearMatMul" -> input == 3 ? tensor.elements() : 0;
            case "QGemm" -> input == 3 || input == 6 ? tensor.elements() : 0;
            // Tables of sines and cosines: computed, not trained.
            case "GroupQueryAttention" -> input == 7 || input == 8 ? 0 : tensor.elements();
            case "RotaryEmbedding" -> 0;
            default -> tensor.elements();
        };
    }

    /** 4-bit values stand two a byte, unless the tensor's type says 4 bits itself. */
    private static long packed(Tensor tensor, long bits) {
        return tensor.elements() * tensor.type().bits() / Math.min(bits, tensor.type().bits());
    }
}
