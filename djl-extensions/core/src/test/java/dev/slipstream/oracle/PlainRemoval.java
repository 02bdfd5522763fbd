package dev.slipstream.oracle;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Takes sub-layers out of an encoder by what its anatomy says, and by nothing else. */
public final class PlainRemoval {
    private PlainRemoval() {}

    /** Returns a model in which LN(x + f(x)) has become LN(x) where it is named. */
    public static OnnxModel without(OnnxModel model, Set<SubLayerName> removed) {
        OnnxModel shorter = model.copy();
        Map<NodeProto, NodeProto> replaced = new HashMap<>();
        Map<NodeProto, SubLayer> gone = new HashMap<>();
        for (Layer layer : Anatomy.of(model).layers()) {
            for (SubLayer subLayer : layer.subLayers()) {
                if (removed.contains(new SubLayerName(subLayer.kind(), layer.index()))) {
                    gone.put(subLayer.residualAdd(), subLayer);
                }
            }
        }
        for (Map.Entry<NodeProto, SubLayer> entry : gone.entrySet()) {
            NodeProto add = entry.getKey();
            NodeProto.Builder other =
                    NodeProto.newBuilder()
                            .setName(add.getName())
                            .addOutput(add.getOutput(0))
                            .addInput(entry.getValue().input());
            if (add.getOpType().equals("Add")) {
                other.setOpType("Identity");
            } else {
                other.setOpType("LayerNormalization")
                        .addAllInput(add.getInputList().subList(2, 4))
                        .addAllAttribute(add.getAttributeList());
            }
            replaced.put(add, other.build());
        }
        shorter.replaceNodes(node -> List.of(replaced.getOrDefault(node, node)));
        shorter.removeUnused();
        shorter.validate();
        return shorter;
    }
}
