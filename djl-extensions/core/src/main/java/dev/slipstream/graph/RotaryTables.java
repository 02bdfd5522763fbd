package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The tables of cosines that attention and rotary nodes read by position. */
public final class RotaryTables {
    private RotaryTables() {}

    /**
     * Returns the number of positions in the shortest table; empty if no node reads one that is an
     * initializer. A token at a later position can't be computed.
     *
     * @param model any valid model
     */
    public static OptionalInt positions(OnnxModel model) {
        return positions(model, model.nodes()).min();
    }

    private static IntStream positions(OnnxModel model, List<NodeProto> nodes) {
        return nodes.stream().flatMapToInt(node -> positions(model, node));
    }

    private static IntStream positions(OnnxModel model, NodeProto node) {
        Stream<NodeProto> inner =
                Values.subgraphs(node).stream().map(GraphProto::getNodeList).flatMap(List::stream);
        int input = cosines(node);
        Tensor table =
                input < 0 || input >= node.getInputCount()
                        ? null
                        : model.initializers().get(node.getInput(input));
        return IntStream.concat(
                table == null || table.shape().size() != 2
                        ? IntStream.empty()
                        : IntStream.of(Math.toIntExact(table.shape().get(0))),
                positions(model, inner.toList()));
    }

    /** Returns which input holds the cosines, {@code [positions, headSize/2]}; -1 if none does. */
    private static int cosines(NodeProto node) {
        return switch (node.getOpType()) {
            case "GroupQueryAttention" -> 7;
            case "RotaryEmbedding" -> node.getDomain().equals("com.microsoft") ? 2 : 1;
            default -> -1;
        };
    }
}
