package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A gate around a feed-forward that has gates inside: it gets all rows or none. An {@code If}
 * around an {@code If} would leave the weights within unpacked.
 */
final class RowGate {
    private RowGate() {}

    /**
     * Puts the gate in.
     *
     * @param moved nodes behind the stream
     * @param branch name of the value that is added to the stream
     * @param condition name of a boolean value: true computes the sub-layer
     */
    static void close(
            OnnxModel model,
            String name,
            SubLayer subLayer,
            List<NodeProto> moved,
            String branch,
            String condition) {
        model.nodes().removeAll(moved);
        GraphBuilder graph = new GraphBuilder(model);
        String number =
                graph.node("Cast", condition)
                        .attribute("to", ElementType.INT64.code())
                        .output(name + ".number");
        String all = graph.initializer(name + ".all", Whole.of(Long.MAX_VALUE));
        String start = graph.initializer(name + ".start", Whole.of(0));
        String end = graph.node("Mul", number, all).output(name + ".end");
        Map<String, String> renamed = new HashMap<>();
        for (String value : Gate.streamOf(model, subLayer)) {
            renamed.put(value, value + "." + name + ".rows");
        }
        Set<String> used = new LinkedHashSet<>();
        moved.forEach(node -> Gate.names(node, used));
        used.retainAll(renamed.keySet());
        for (String value : used) {
            graph.node("Slice", value, start, end, start).output(renamed.get(value));
        }
        renamed.put(branch, branch + ".computed");
        OnnxModel inner = new OnnxModel(name);
        inner.nodes().addAll(moved);
        inner.replaceNodes(node -> List.of(renamed(node, renamed)));
        model.nodes().addAll(inner.nodes());
        GraphBuilder computed = graph.subgraph(name + ".computed");
        Gate.output(
                computed,
                computed.node("Identity", branch + ".computed").output(branch + ".shown"));
        GraphBuilder skipped = graph.subgraph(name + ".skipped");
        String size = skipped.node("Shape", subLayer.input()).output(name + ".size");
        Gate.output(skipped, skipped.node("ConstantOfShape", size).output(name + ".nothing"));
        model.nodes()
                .add(Gate.choose(condition, computed.graph(), skipped.graph(), List.of(branch)));
    }

    private static NodeProto renamed(NodeProto node, Map<String, String> names) {
        NodeProto.Builder renamed = node.toBuilder();
        for (int i = 0; i < node.getInputCount(); i++) {
            renamed.setInput(i, names.getOrDefault(node.getInput(i), node.getInput(i)));
        }
        for (int i = 0; i < node.getOutputCount(); i++) {
            renamed.setOutput(i, names.getOrDefault(node.getOutput(i), node.getOutput(i)));
        }
        if (names.containsKey(node.getOutput(0))) {
            renamed.setName(renamed.getOutput(0));
        }
        return renamed.build();
    }
}
