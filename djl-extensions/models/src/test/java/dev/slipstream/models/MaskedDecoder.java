package dev.slipstream.models;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A decoder of which tokens leave out sub-layers by a list: what a sub-layer adds to the stream is
 * multiplied by an input of zeros and ones, {@code [tokens]}. Saves nothing; for comparisons.
 */
final class MaskedDecoder {
    private MaskedDecoder() {}

    static String mask(SubLayer.Kind kind, int layer) {
        return "mask." + kind + "." + layer;
    }

    static OnnxModel of(OnnxModel graph) {
        OnnxModel masked = graph.copy();
        GraphBuilder b = new GraphBuilder(masked);
        ByteBuffer last = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        last.putLong(0, -1);
        b.initializer("mask.axis", new Tensor(ElementType.INT64, List.of(1L), last));
        Map<NodeProto, NodeProto> adds = new HashMap<>();
        for (Layer layer : Anatomy.of(graph).layers()) {
            for (SubLayer subLayer : layer.subLayers()) {
                String input =
                        b.input(
                                mask(subLayer.kind(), layer.index()),
                                ElementType.FLOAT,
                                "masked_tokens");
                String column = b.node("Unsqueeze", input, "mask.axis").output(input + ".column");
                NodeProto add = subLayer.residualAdd();
                int branch = add.getInput(0).equals(subLayer.input()) ? 1 : 0;
                String product =
                        b.node("Mul", add.getInput(branch), column).output(input + ".masked");
                adds.put(add, add.toBuilder().setInput(branch, product).build());
            }
        }
        masked.nodes().replaceAll(node -> adds.getOrDefault(node, node));
        masked.validate();
        return masked;
    }
}
