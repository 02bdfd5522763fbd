package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Models of which some sub-layers add nothing, the plain way: what they add to the stream, a bias
 * included, is multiplied by zero.
 */
final class Zeroed {
    private static final String ZERO = "zeroed.zero";

    private Zeroed() {}

    static OnnxModel of(OnnxModel graph, Collection<SubLayerName> names) {
        OnnxModel zeroed = graph.copy();
        GraphBuilder b = new GraphBuilder(zeroed);
        boolean half =
                graph.initializers().values().stream()
                        .anyMatch(tensor -> tensor.type() == ElementType.FLOAT16);
        ElementType type = half ? ElementType.FLOAT16 : ElementType.FLOAT;
        ByteBuffer nothing =
                ByteBuffer.allocateDirect(half ? Short.BYTES : Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        b.initializer(ZERO, new Tensor(type, List.of(), nothing));
        Map<NodeProto, NodeProto> adds = new HashMap<>();
        for (Layer layer : Anatomy.of(graph).layers()) {
            for (SubLayer subLayer : layer.subLayers()) {
                if (names.contains(new SubLayerName(subLayer.kind(), layer.index()))) {
                    adds.put(subLayer.residualAdd(), without(b, subLayer));
                }
            }
        }
        if (adds.size() != names.size()) {
            throw new AssertionError("expected " + names + ", found " + adds.size());
        }
        zeroed.replaceNodes(node -> List.of(adds.getOrDefault(node, node)));
        return zeroed;
    }

    private static NodeProto without(GraphBuilder b, SubLayer subLayer) {
        NodeProto add = subLayer.residualAdd();
        NodeProto.Builder changed = add.toBuilder();
        int bias = add.getOpType().equals("SkipLayerNormalization") ? 4 : 3;
        for (int i = 0; i < add.getInputCount(); i++) {
            boolean added = i < 2 && !add.getInput(i).equals(subLayer.input()) || i == bias;
            if (added && !add.getInput(i).isEmpty()) {
                String product = b.node("Mul", add.getInput(i), ZERO).output("zeroed");
                changed.setInput(i, product);
            }
        }
        return changed.build();
    }
}
