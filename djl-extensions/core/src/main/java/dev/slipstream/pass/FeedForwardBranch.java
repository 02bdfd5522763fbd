package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.Tensor;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A feed-forward that can be given some of its rows: one value goes in, one comes out, and nothing
 * else hangs on what is between.
 *
 * @param layer index of its layer
 * @param stream the residual stream before, {@code [batch, n, hidden]}
 * @param in what the branch reads: the stream, or its norm where that is fused into the add before
 * @param out what the branch adds to the stream
 * @param nodes the branch
 * @param add the node that adds it
 */
record FeedForwardBranch(
        int layer, String stream, String in, String out, List<NodeProto> nodes, NodeProto add) {

    /** Returns the feed-forward of a layer; null if it has none of this form. */
    static @Nullable FeedForwardBranch find(OnnxModel graph, Layer layer) {
        return layer.feedForward()
                .filter(subLayer -> obstacle(graph, subLayer).isEmpty())
                .map(subLayer -> of(layer, subLayer, graph))
                .orElse(null);
    }

    /**
     * Reads the feed-forward of one layer.
     *
     * @throws PassException that says why it has another form
     */
    static FeedForwardBranch require(OnnxModel graph, Anatomy anatomy, int index) {
        for (Layer layer : anatomy.layers()) {
            if (layer.index() == index) {
                SubLayer subLayer =
                        layer.feedForward()
                                .orElseThrow(() -> refused(graph, index, "the layer has none"));
                String obstacle = obstacle(graph, subLayer);
                if (!obstacle.isEmpty()) {
                    throw refused(graph, index, obstacle);
                }
                return of(layer, subLayer, graph);
            }
        }
        String reason = anatomy.unreadable().getOrDefault(index, "there is no such layer");
        throw refused(graph, index, reason);
    }

    private static PassException refused(OnnxModel graph, int layer, String reason) {
        return new PassException(
                "%s: feed-forward.%d cannot be computed for some rows only: %s; leave the layer out of the region"
                        .formatted(graph.name(), layer, reason));
    }

    private static FeedForwardBranch of(Layer layer, SubLayer subLayer, OnnxModel graph) {
        return new FeedForwardBranch(
                layer.index(),
                subLayer.input(),
                entering(graph, subLayer.nodes()).iterator().next(),
                out(subLayer),
                subLayer.nodes(),
                subLayer.residualAdd());
    }

    /** Returns what stands against it; empty if nothing does. */
    private static String obstacle(OnnxModel graph, SubLayer subLayer) {
        if (!new HashSet<>(graph.nodes()).containsAll(subLayer.nodes())) {
            return "its nodes lie in a branch of an If (a merged export); export the decoder with past alone";
        }
        NodeProto add = subLayer.residualAdd();
        List<String> terms = add.getInputList().subList(0, 2);
        if (!terms.contains(subLayer.input()) || terms.get(0).equals(terms.get(1))) {
            return "its residual add %s has the inputs %s, expected the stream %s and the branch"
                    .formatted(add.getName(), terms, subLayer.input());
        }
        int bias = add.getOpType().equals("SkipLayerNormalization") ? 4 : 3;
        if (add.getInputCount() > bias && !add.getInput(bias).isEmpty()) {
            return "its residual add %s adds the bias %s too"
                    .formatted(add.getName(), add.getInput(bias));
        }
        for (String weight : subLayer.weights()) {
            Tensor tensor = graph.initializers().get(weight);
            if (tensor != null && narrow(tensor.type())) {
                return "its weight %s is of type %s, expected FLOAT or blocks of integers"
                        .formatted(weight, tensor.type());
            }
        }
        Set<String> entering = entering(graph, subLayer.nodes());
        if (entering.size() != 1) {
            return "it reads the values %s, expected one".formatted(entering);
        }
        return leak(graph, subLayer);
    }

    private static boolean narrow(ElementType type) {
        return type == ElementType.FLOAT16
                || type == ElementType.BFLOAT16
                || type == ElementType.DOUBLE;
    }

    /** Something else that reads rows of the branch would miss those that were not computed. */
    private static String leak(OnnxModel graph, SubLayer subLayer) {
        Set<NodeProto> inside = new HashSet<>(subLayer.nodes());
        inside.add(subLayer.residualAdd());
        Set<String> constants = constants(graph);
        Set<String> outputs =
                graph.outputs().stream().map(o -> o.getName()).collect(Collectors.toSet());
        for (NodeProto node : subLayer.nodes()) {
            for (String value : node.getOutputList()) {
                if (constants.contains(value)) {
                    continue;
                }
                if (outputs.contains(value) || !inside.containsAll(graph.consumers(value))) {
                    return "its value %s is used outside of it, too".formatted(value);
                }
            }
        }
        return "";
    }

    /** Returns the values that nodes read and that neither they nor constants alone produce. */
    private static Set<String> entering(OnnxModel graph, List<NodeProto> nodes) {
        Set<String> read = new LinkedHashSet<>();
        Set<String> produced = new HashSet<>();
        OnnxModel branch = new OnnxModel("branch");
        branch.nodes().addAll(nodes);
        branch.replaceNodes(
                node -> {
                    read.addAll(node.getInputList());
                    produced.addAll(node.getOutputList());
                    node.getAttributeList()
                            .forEach(
                                    attribute ->
                                            attribute
                                                    .getG()
                                                    .getInitializerList()
                                                    .forEach(t -> produced.add(t.getName())));
                    return List.of(node);
                });
        read.remove("");
        read.removeAll(produced);
        read.removeAll(constants(graph));
        return read;
    }

    private static Set<String> constants(OnnxModel graph) {
        Set<String> constants = new HashSet<>(graph.initializers().keySet());
        constants.add("");
        boolean more = true;
        while (more) {
            more = false;
            for (NodeProto node : graph.nodes()) {
                boolean closed =
                        node.getAttributeList().stream().noneMatch(a -> a.hasG())
                                && constants.containsAll(node.getInputList());
                more |= closed && constants.addAll(node.getOutputList());
            }
        }
        return constants;
    }

    private static String out(SubLayer subLayer) {
        NodeProto add = subLayer.residualAdd();
        return add.getInput(0).equals(subLayer.input()) ? add.getInput(1) : add.getInput(0);
    }
}
