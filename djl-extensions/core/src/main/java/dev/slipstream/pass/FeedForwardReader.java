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

/** Finds the neurons of feed-forwards among the nodes of a graph. */
final class FeedForwardReader {
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

    private FeedForwardReader() {}

    static List<FeedForward> read(OnnxModel model) {
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
}
