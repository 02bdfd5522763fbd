package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Takes out what no output of a graph depends on. */
final class Unused {
    private Unused() {}

    static void remove(OnnxModel model) {
        List<NodeProto> nodes = NodeOrder.sort(model.nodes(), "graph " + model.name());
        Set<String> used = new HashSet<>();
        for (ValueInfoProto output : model.outputs()) {
            used.add(output.getName());
        }
        List<NodeProto> kept = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            NodeProto node = nodes.get(i);
            if (node.getOutputList().stream().anyMatch(used::contains)) {
                used.addAll(Values.usedBy(node));
                kept.add(node);
            }
        }
        Collections.reverse(kept);
        model.nodes().clear();
        model.nodes().addAll(kept);
        model.initializers().keySet().retainAll(used);
    }
}
