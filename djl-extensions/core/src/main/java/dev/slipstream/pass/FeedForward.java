package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

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
        List<String> made = ups.stream().map(up -> up.node().getOutput(0)).toList();
        List<NodeProto> nodes = new ArrayList<>();
        ups.forEach(up -> nodes.add(up.rows(0, width, cuts)));
        nodes.addAll(
                between(
                        made,
                        "",
                        constant ->
                                cuts.part(
                                        constant,
                                        cuts.tensor(constant).shape().size() - 1,
                                        0,
                                        width)));
        nodes.add(down.columns(width, cuts));
        return nodes;
    }

    /**
     * Writes the products of some of the neurons.
     *
     * @param from the first neuron
     * @param to the first that is left out
     * @param name of the value that gets what they make, one product's behind the other's
     */
    void made(int from, int to, String name, GraphBuilder graph, Cuts cuts) {
        List<BlockProduct> blocks = new ArrayList<>();
        for (Product up : ups) {
            if (up instanceof BlockProduct block
                    && (blocks.isEmpty() || blocks.get(0).stacks(block))) {
                blocks.add(block);
            }
        }
        List<NodeProto> nodes = graph.model().nodes();
        if (ups.size() > 1 && blocks.size() == ups.size()) {
            NodeProto stacked =
                    blocks.get(0).stacked(blocks.subList(1, blocks.size()), from, to, cuts);
            nodes.add(named(stacked, name));
        } else if (ups.size() == 1) {
            nodes.add(named(ups.get(0).rows(from, to, cuts), name));
        } else {
            String[] parts = new String[ups.size()];
            for (int i = 0; i < parts.length; i++) {
                parts[i] = name + "." + i;
                nodes.add(named(ups.get(i).rows(from, to, cuts), parts[i]));
            }
            graph.node("Concat", parts).attribute("axis", -1).output(name);
        }
    }

    int products() {
        return ups.size();
    }

    /**
     * Returns the nodes between the products, with names of values of their own.
     *
     * @param made values of the products that make neurons
     * @param suffix behind the names of values
     * @param cut gives the part of a constant that has a value for each neuron
     */
    List<NodeProto> between(List<String> made, String suffix, UnaryOperator<String> cut) {
        Map<String, String> names = new HashMap<>();
        for (int i = 0; i < ups.size(); i++) {
            names.put(ups.get(i).node().getOutput(0), made.get(i));
        }
        for (NodeProto node : between) {
            node.getOutputList().forEach(o -> names.put(o, o.isEmpty() ? "" : o + suffix));
        }
        List<NodeProto> nodes = new ArrayList<>();
        for (NodeProto node : between) {
            NodeProto.Builder renamed = node.toBuilder();
            if (!suffix.isEmpty()) {
                renamed.setName(node.getOutput(0) + suffix);
            }
            for (int i = 0; i < node.getInputCount(); i++) {
                String input = node.getInput(i);
                renamed.setInput(
                        i, ofNeurons(input) ? cut.apply(input) : names.getOrDefault(input, input));
            }
            for (int i = 0; i < node.getOutputCount(); i++) {
                renamed.setOutput(i, names.get(node.getOutput(i)));
            }
            nodes.add(renamed.build());
        }
        return nodes;
    }

    /** Returns the name of the value that is summed up, if it is made with a suffix. */
    String summed(List<String> made, String suffix) {
        String value = down.node().getInput(0);
        for (int i = 0; i < ups.size(); i++) {
            if (ups.get(i).node().getOutput(0).equals(value)) {
                return made.get(i);
            }
        }
        return value + suffix;
    }

    /** Returns the product that sums up the first neurons. */
    NodeProto sum(String neurons, int width, String output, Cuts cuts) {
        return named(down.columns(width, cuts).toBuilder().setInput(0, neurons).build(), output);
    }

    /** Returns the value that the neurons are made from. */
    String input() {
        return ups.get(0).node().getInput(0);
    }

    /** Returns the name of the sum's value. */
    String output() {
        return down.node().getOutput(0);
    }

    private boolean ofNeurons(String value) {
        Tensor tensor = initializers.get(value);
        return tensor != null && tensor.elements() == neurons() && neurons() > 1;
    }

    private static NodeProto named(NodeProto node, String output) {
        return node.toBuilder().setName(output).setOutput(0, output).build();
    }
}
