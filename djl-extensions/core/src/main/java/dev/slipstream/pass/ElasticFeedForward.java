package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes one feed-forward. Each product gets all rows or none; one of no rows costs what a node
 * costs, some 0.25 us.
 *
 * <p>An {@code If} for each chunk and sum, five for four widths, brought no better times. With an
 * {@code If} in the branch of another, fewer nodes would run; but ONNX Runtime 1.29 packs a weight
 * for nodes in the graph that owns it and one below. Two below, a product runs on the matrix as it
 * lies, which in 4 and 8 bits is many times slower, and its bits are others.
 */
record ElasticFeedForward(
        OnnxModel model,
        FeedForward feedForward,
        int index,
        List<Integer> levels,
        RowEnds ends,
        Cuts cuts) {
    void write() {
        model.nodes().removeAll(feedForward.nodes());
        GraphBuilder graph = new GraphBuilder(model);
        String name = "elastic.layer." + index;
        int last = levels.size() - 1;
        String value = feedForward.neurons(0, levels.get(0), ".chunk0", model.nodes(), cuts);
        List<String> sums = new ArrayList<>();
        for (int i = 1; i <= last; i++) {
            String here = rows(graph, value, ends.exactly(index, i - 1), name + ".here." + i);
            sums.add(sum(here, i - 1, name + ".sum." + i));
            String before = rows(graph, value, ends.from(index, i), name + ".before." + i);
            value =
                    graph.node("Concat", before, chunk(graph, i, name))
                            .attribute("axis", -1)
                            .output(name + ".neurons." + i);
        }
        sums.add(sum(value, last, name + ".sum.all"));
        model.nodes()
                .add(
                        NodeProto.newBuilder()
                                .setName(feedForward.output())
                                .setOpType("Concat")
                                .addAllInput(sums)
                                .addOutput(feedForward.output())
                                .addAttribute(
                                        AttributeProto.newBuilder()
                                                .setName("axis")
                                                .setType(AttributeProto.AttributeType.INT)
                                                .setI(0))
                                .build());
    }

    private String chunk(GraphBuilder graph, int level, String name) {
        Map<String, String> inputs = new LinkedHashMap<>();
        for (String input : feedForward.inputs()) {
            inputs.put(
                    input, rows(graph, input, ends.from(index, level), name + ".input." + level));
        }
        List<NodeProto> nodes = new ArrayList<>();
        String chunk =
                feedForward.neurons(
                        levels.get(level - 1), levels.get(level), ".chunk" + level, nodes, cuts);
        for (NodeProto node : nodes) {
            String input = inputs.get(node.getInput(0));
            model.nodes().add(input == null ? node : node.toBuilder().setInput(0, input).build());
        }
        return chunk;
    }

    /** The first axis is the batch's, or that of all tokens. */
    private static String rows(GraphBuilder graph, String value, String end, String name) {
        return graph.node("Slice", value, "elastic.start", end, "elastic.start").output(name);
    }

    private String sum(String value, int level, String name) {
        model.nodes().add(feedForward.sum(value, levels.get(level), name, cuts));
        return name;
    }
}
