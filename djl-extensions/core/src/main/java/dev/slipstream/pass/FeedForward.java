package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A feed-forward seen as neurons: products that make them ({@code up}, or {@code gate} and {@code
 * up}), nodes that work on each neuron alone, and the product that sums them up ({@code down}).
 * What is before and behind those nodes in the branch, such as norm and output bias, is not
 * touched.
 */
final class FeedForward {
    /** Operators whose result at a neuron depends on nothing but their operands there. */
    private static final Set<String> NEURON_BY_NEURON =
            Set.of(
                    "Add",
                    "Sub",
                    "Mul",
                    "Div",
                    "Pow",
                    "Neg",
                    "Abs",
                    "Sqrt",
                    "Exp",
                    "Log",
                    "Max",
                    "Min",
                    "Sigmoid",
                    "Tanh",
                    "Erf",
                    "Relu",
                    "LeakyRelu",
                    "Elu",
                    "Softplus",
                    "HardSigmoid",
                    "HardSwish",
                    "Mish",
                    "Swish",
                    "Gelu",
                    "QuickGelu",
                    "FastGelu",
                    "BiasGelu",
                    "Clip",
                    "Cast",
                    "Identity");

    private final String model;
    private final int layer;
    private final Map<String, Tensor> initializers;
    private final List<Product> ups;
    private final List<NodeProto> between;
    private final Product down;

    private FeedForward(
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
        Anatomy anatomy = Anatomy.of(model);
        anatomy.unreadable()
                .forEach(
                        (layer, reason) -> {
                            throw refused(model.name(), layer, "that can be read", reason);
                        });
        if (anatomy.layers().isEmpty()) {
            throw new PassException(
                    "%s: expected a model of layers with feed-forwards, found none"
                            .formatted(model.name()));
        }
        Product.Reader products = new Product.Reader(model);
        List<FeedForward> found = new ArrayList<>();
        for (Layer layer : anatomy.layers()) {
            SubLayer subLayer =
                    layer.feedForward()
                            .orElseThrow(
                                    () ->
                                            refused(
                                                    model.name(),
                                                    layer.index(),
                                                    "",
                                                    "a layer without"));
            found.add(read(model, layer.index(), subLayer, products));
        }
        return found;
    }

    private static FeedForward read(
            OnnxModel model, int layer, SubLayer subLayer, Product.Reader reader) {
        Set<String> top = new HashSet<>();
        model.nodes().forEach(node -> top.addAll(node.getOutputList()));
        Map<String, Product> products = new HashMap<>();
        Map<String, NodeProto> producers = new HashMap<>();
        Set<String> behind = new HashSet<>();
        List<Product> downs = new ArrayList<>();
        Set<String> operators = new TreeSet<>();
        for (NodeProto node : subLayer.nodes()) {
            if (!top.contains(node.getOutput(0))) {
                throw refused(
                        model.name(),
                        layer,
                        "that is not in a branch of an If",
                        "a merged export; export the decoder with past alone");
            }
            operators.add(node.getOpType());
            node.getOutputList().forEach(output -> producers.put(output, node));
            Product product = reader.product(node);
            boolean fed = node.getInputList().stream().anyMatch(behind::contains);
            if (product != null) {
                products.put(node.getOutput(0), product);
                if (fed) {
                    downs.add(product);
                }
            }
            if (product != null || fed) {
                behind.addAll(node.getOutputList());
            }
        }
        if (downs.size() != 1) {
            throw refused(
                    model.name(),
                    layer,
                    "of one or two products with constant matrices and one behind them (MatMul, FusedMatMul, Gemm, or MatMulNBits without zero points)",
                    "the operators " + operators);
        }
        return new Walk(model, layer, products, producers, downs.get(0)).read();
    }

    /** Goes from the product that sums the neurons up back to those that make them. */
    private record Walk(
            OnnxModel model,
            int layer,
            Map<String, Product> products,
            Map<String, NodeProto> producers,
            Product down) {
        FeedForward read() {
            Set<NodeProto> between = new HashSet<>();
            Set<Product> ups = new HashSet<>();
            Deque<String> open = new ArrayDeque<>(List.of(down.node().getInput(0)));
            while (!open.isEmpty()) {
                String value = open.remove();
                Product up = products.get(value);
                NodeProto node = producers.get(value);
                if (up != null) {
                    ups.add(up);
                } else if (node == null || !NEURON_BY_NEURON.contains(node.getOpType())) {
                    throw refused(
                            model.name(),
                            layer,
                            "whose neurons are worked on one by one between its products",
                            node == null
                                    ? "value " + value
                                    : node.getOpType()
                                            + " ("
                                            + node.getOutput(0)
                                            + ")"
                                            + (node.getOpType().matches("Split|Slice")
                                                    ? "; gate and up in one matrix cannot be cut: export them apart"
                                                    : ""));
                } else if (between.add(node)) {
                    node.getInputList().stream()
                            .filter(input -> !input.isEmpty() && !isConstant(input))
                            .forEach(open::add);
                }
            }
            check(ups, between);
            return new FeedForward(
                    model.name(),
                    layer,
                    model.initializers(),
                    ordered(ups),
                    producers.values().stream().distinct().filter(between::contains).toList(),
                    down);
        }

        private List<Product> ordered(Set<Product> ups) {
            return products.values().stream()
                    .filter(ups::contains)
                    .sorted(
                            (one, other) ->
                                    one.node().getOutput(0).compareTo(other.node().getOutput(0)))
                    .toList();
        }

        private boolean isConstant(String value) {
            Tensor tensor = model.initializers().get(value);
            if (tensor == null) {
                NodeProto node = producers.get(value);
                return node != null
                        && node.getOpType().equals("Constant")
                        && node.getAttributeList().stream()
                                .allMatch(a -> a.hasT() && a.getT().getDimsCount() == 0);
            }
            int last = tensor.shape().size() - 1;
            boolean neurons =
                    last >= 0
                            && tensor.shape().get(last) == down.in()
                            && tensor.elements() == down.in()
                            && tensor.type() == ElementType.FLOAT;
            if (tensor.elements() != 1 && !neurons) {
                throw refused(
                        model.name(),
                        layer,
                        "whose constants between its products are single or one for each of %d neurons"
                                .formatted(down.in()),
                        value + " of shape " + tensor.shape());
            }
            return true;
        }

        private void check(Set<Product> ups, Set<NodeProto> between) {
            if (ups.isEmpty() || products.size() != ups.size() + 1) {
                throw refused(
                        model.name(),
                        layer,
                        "whose every product but the last makes neurons",
                        "%d products, of which %d do".formatted(products.size(), ups.size()));
            }
            Set<String> inner = new HashSet<>();
            for (Product up : ups) {
                inner.add(up.node().getOutput(0));
                if (up.out() != down.in()) {
                    throw refused(
                            model.name(),
                            layer,
                            "of %d neurons throughout".formatted(down.in()),
                            "%d in %s".formatted(up.out(), up.node().getOutput(0)));
                }
            }
            between.forEach(node -> inner.addAll(node.getOutputList()));
            Set<NodeProto> own = new HashSet<>(between);
            own.add(down.node());
            Set<String> shown = new HashSet<>();
            model.outputs().stream().map(ValueInfoProto::getName).forEach(shown::add);
            for (String value : inner) {
                if (shown.contains(value) || !own.containsAll(model.consumers(value))) {
                    throw refused(
                            model.name(),
                            layer,
                            "whose neurons nothing else uses",
                            "a use of " + value);
                }
            }
        }
    }

    private static PassException refused(String model, int layer, String expected, String found) {
        return new PassException(
                "%s, layer %d: expected a feed-forward%s, found %s"
                        .formatted(model, layer, expected.isEmpty() ? "" : " " + expected, found));
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
