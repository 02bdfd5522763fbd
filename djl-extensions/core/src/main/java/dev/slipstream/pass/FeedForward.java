package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A feed-forward seen as neurons: products that make them ({@code up}, or {@code gate} and {@code
 * up}), nodes that work on each neuron alone, and the product that sums them up ({@code down}).
 * What is before and behind those nodes in the branch, such as norm and output bias, is not
 * touched.
 */
final class FeedForward {
    private final String model;
    private final int layer;
    private final Map<String, Tensor> initializers;
    private final List<Product> ups;
    private final List<NodeProto> between;
    private final Product down;

    FeedForward(
            String model,
            int layer,
            Map<String, Tensor> initializers,
            List<Product> ups,
            List<NodeProto> between,
            Product down) {
        this.model = model;
        this.layer = layer;
        this.initializers = initializers;
        this.ups = List.copyOf(ups);
        this.between = List.copyOf(between);
        this.down = down;
    }

    /**
     * Reads the feed-forwards of a model, one of each layer.
     *
     * @throws PassException that names the layer whose feed-forward has another form
     */
    static List<FeedForward> of(OnnxModel model) {
        return FeedForwardReader.read(model);
    }

    int layer() {
        return layer;
    }

    int neurons() {
        return down.in();
    }

    /** Returns the trained values that one neuron has: its rows, its column, its biases. */
    long parametersOfNeuron() {
        return ups.stream().mapToLong(Product::parametersOfRow).sum()
                + down.out()
                + between.stream()
                        .flatMap(node -> node.getInputList().stream())
                        .filter(this::ofNeurons)
                        .distinct()
                        .count();
    }

    /**
     * Checks that the first neurons can be had alone.
     *
     * @throws PassException that names the layer, what was expected and what was found
     */
    void require(int width) {
        String reason = width == neurons() ? null : down.uncuttable(width);
        if (width < 1 || width > neurons() || reason != null) {
            throw new PassException(
                    "%s, layer %d: expected a feed-forward width of 1 to %d%s, found %d"
                            .formatted(
                                    model,
                                    layer,
                                    neurons(),
                                    reason == null ? "" : " and " + reason,
                                    width));
        }
    }

    /** Returns the nodes that are cut. */
    List<NodeProto> nodes() {
        List<NodeProto> nodes = new ArrayList<>(between);
        ups.forEach(up -> nodes.add(up.node()));
        nodes.add(down.node());
        return nodes;
    }

    /** Returns the same nodes for the first neurons; the names of values stay. */
    List<NodeProto> first(int width, Cuts cuts) {
        List<NodeProto> nodes = new ArrayList<>();
        neurons(0, width, "", nodes, cuts);
        nodes.add(down.columns(width, cuts));
        return nodes;
    }

    /**
     * Writes some of the neurons.
     *
     * @param from the first
     * @param to the first that is left out
     * @param suffix behind the names of values
     * @param nodes gets the nodes
     * @return name of the neurons' value
     */
    String neurons(int from, int to, String suffix, List<NodeProto> nodes, Cuts cuts) {
        for (Product up : ups) {
            nodes.add(named(up.rows(from, to, cuts), suffix).build());
        }
        Set<String> inner = new HashSet<>();
        ups.forEach(up -> inner.addAll(up.node().getOutputList()));
        between.forEach(node -> inner.addAll(node.getOutputList()));
        for (NodeProto node : between) {
            NodeProto.Builder cut = named(node, suffix);
            for (int i = 0; i < node.getInputCount(); i++) {
                String input = node.getInput(i);
                if (inner.contains(input)) {
                    cut.setInput(i, input + suffix);
                } else if (ofNeurons(input)) {
                    int axis = cuts.tensor(input).shape().size() - 1;
                    cut.setInput(i, cuts.part(input, axis, from, to));
                }
            }
            nodes.add(cut.build());
        }
        return down.node().getInput(0) + suffix;
    }

    /** Returns the product that sums up the first neurons. */
    NodeProto sum(String neurons, int width, String output, Cuts cuts) {
        return down.columns(width, cuts).toBuilder()
                .setInput(0, neurons)
                .setName(output)
                .setOutput(0, output)
                .build();
    }

    /** Returns the values that the neurons are made from. */
    List<String> inputs() {
        return ups.stream().map(up -> up.node().getInput(0)).distinct().toList();
    }

    /** Returns the name of the sum's value. */
    String output() {
        return down.node().getOutput(0);
    }

    private boolean ofNeurons(String value) {
        Tensor tensor = initializers.get(value);
        return tensor != null && tensor.elements() == neurons() && neurons() > 1;
    }

    private static NodeProto.Builder named(NodeProto node, String suffix) {
        NodeProto.Builder named = node.toBuilder();
        if (!suffix.isEmpty()) {
            named.setName(node.getOutput(0) + suffix).clearOutput();
            node.getOutputList().forEach(o -> named.addOutput(o.isEmpty() ? "" : o + suffix));
        }
        return named;
    }
}
