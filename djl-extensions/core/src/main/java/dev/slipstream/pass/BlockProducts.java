package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.slipstream.checkpoint.QuantizedMatrix;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts products with integers in the place of products with floats, in branches too. Queries, keys
 * and values that one attention takes become one product, as {@code DecoderGraphs} writes them.
 */
final class BlockProducts {
    private final OnnxModel graph;
    private final Map<String, FloatMatrix> floats;
    private final Map<String, QuantizedMatrix> integers;
    private final Set<String> taken = new HashSet<>();
    private final Map<String, Names> stored = new HashMap<>();
    private final Map<String, String> biases = new HashMap<>();

    private BlockProducts(
            OnnxModel graph,
            Map<String, FloatMatrix> floats,
            Map<String, QuantizedMatrix> integers) {
        this.graph = graph;
        this.floats = floats;
        this.integers = integers;
    }

    /** Names of a stored matrix. */
    private record Names(QuantizedMatrix matrix, String values, String scales) {}

    /** A product and, where it has one, its bias; what it is computed by in the float graph. */
    private record Product(Linear linear, @Nullable String bias, List<NodeProto> nodes) {}

    /**
     * Returns a graph with integers.
     *
     * @param graph not changed
     * @param floats its matrices, as {@link FloatMatrices} found them
     * @param integers what to put in the place of some of them, by name
     */
    static OnnxModel write(
            OnnxModel graph,
            Map<String, FloatMatrix> floats,
            Map<String, QuantizedMatrix> integers) {
        OnnxModel model = graph.copy();
        model.opsets().putIfAbsent("com.microsoft", 1);
        BlockProducts products = new BlockProducts(model, floats, integers);
        products.taken.addAll(model.initializers().keySet());
        model.inputs().forEach(input -> products.taken.add(input.getName()));
        products.take(model.nodes());
        List<NodeProto> written = products.scope(model.nodes(), model.outputs());
        model.nodes().clear();
        model.nodes().addAll(written);
        model.removeUnused();
        return model;
    }

    private void take(List<NodeProto> nodes) {
        for (NodeProto node : nodes) {
            taken.addAll(node.getOutputList());
            for (AttributeProto attribute : node.getAttributeList()) {
                if (attribute.hasG()) {
                    attribute.getG().getInitializerList().forEach(t -> taken.add(t.getName()));
                    take(attribute.getG().getNodeList());
                }
            }
        }
    }

    private String fresh(String name) {
        String free = name;
        for (int i = 1; !taken.add(free); i++) {
            free = name + "_" + i;
        }
        return free;
    }

    private List<NodeProto> scope(List<NodeProto> nodes, List<ValueInfoProto> outputs) {
        OnnxModel scope = new OnnxModel("scope");
        nodes.forEach(node -> scope.nodes().add(withBranches(node)));
        Set<String> shown = new HashSet<>();
        outputs.forEach(output -> shown.add(output.getName()));
        Map<NodeProto, List<NodeProto>> replaced = new HashMap<>();
        for (NodeProto node : scope.nodes()) {
            if (node.getOpType().equals("GroupQueryAttention")) {
                join(node, scope, shown, replaced);
            }
        }
        List<NodeProto> written = new ArrayList<>();
        for (NodeProto node : scope.nodes()) {
            List<NodeProto> others = replaced.get(node);
            written.addAll(others == null ? rewritten(node) : others);
        }
        return written;
    }

    private NodeProto withBranches(NodeProto node) {
        NodeProto.Builder inner = node.toBuilder();
        for (AttributeProto.Builder attribute : inner.getAttributeBuilderList()) {
            if (attribute.hasG()) {
                GraphProto.Builder branch = attribute.getGBuilder();
                List<NodeProto> written = scope(branch.getNodeList(), branch.getOutputList());
                branch.clearNode().addAllNode(written);
            }
        }
        return inner.build();
    }

    private List<NodeProto> rewritten(NodeProto node) {
        FloatMatrix table = floats.get(node.getInputCount() > 0 ? node.getInput(0) : "");
        if (node.getOpType().equals("Gather")
                && table != null
                && table.lookedUp()
                && integers.containsKey(table.weight())) {
            return lookUp(node, table);
        }
        Linear linear = Linear.of(node, graph.initializers());
        if (linear == null || !integers.containsKey(linear.weight())) {
            return List.of(node);
        }
        String bias = node.getInputCount() > 2 ? node.getInput(2) : "";
        return product(
                node.getInput(0),
                names(List.of(linear.weight())),
                bias.isEmpty() ? null : bias,
                node.getOutput(0));
    }

    private List<NodeProto> lookUp(NodeProto node, FloatMatrix table) {
        Names names = names(List.of(table.weight()));
        String rows = table.weight() + ".rows";
        if (!graph.initializers().containsKey(rows)) {
            // The same bytes under a second name and shape: nothing is stored twice.
            graph.initializers().put(rows, names.matrix().rowsOfBytes());
        }
        GraphBuilder alone = new GraphBuilder(new OnnxModel("alone"));
        names.matrix().lookUp(alone, node.getInput(1), rows, names.scales(), node.getOutput(0));
        return alone.model().nodes();
    }

    private List<NodeProto> product(String x, Names names, @Nullable String bias, String output) {
        GraphBuilder alone = new GraphBuilder(new OnnxModel("alone"));
        String result = bias == null ? output : fresh(output + ".product");
        names.matrix().multiply(alone, x, names.values(), names.scales(), result);
        if (bias != null) {
            alone.node("Add", result, bias).output(output);
        }
        return alone.model().nodes();
    }

    private Names names(List<String> weights) {
        String name = String.join("+", weights);
        return stored.computeIfAbsent(
                name,
                joined -> {
                    QuantizedMatrix matrix =
                            QuantizedMatrix.under(weights.stream().map(integers::get).toList());
                    Names names =
                            new Names(matrix, fresh(joined + ".values"), fresh(joined + ".scales"));
                    graph.initializers().put(names.values(), matrix.values());
                    graph.initializers().put(names.scales(), matrix.scales());
                    return names;
                });
    }

    /** Joins what an attention takes, where all three are products with the same value. */
    private void join(
            NodeProto attention,
            OnnxModel scope,
            Set<String> shown,
            Map<NodeProto, List<NodeProto>> replaced) {
        List<Product> products = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Product product = product(attention.getInput(i), scope, shown);
            if (product == null || i > 0 && !joins(products.get(0), product)) {
                return;
            }
            products.add(product);
        }
        List<String> weights = products.stream().map(p -> p.linear().weight()).toList();
        String output = fresh(attention.getOutput(0) + ".qkv");
        List<String> added = new ArrayList<>();
        for (Product product : products) {
            product.nodes().forEach(node -> replaced.put(node, List.of()));
            if (product.bias() != null) {
                added.add(product.bias());
            }
        }
        List<NodeProto> joined =
                new ArrayList<>(
                        product(
                                products.get(0).linear().node().getInput(0),
                                names(weights),
                                added.isEmpty() ? null : bias(added),
                                output));
        joined.add(
                attention.toBuilder().setInput(0, output).setInput(1, "").setInput(2, "").build());
        replaced.put(attention, joined);
    }

    private boolean joins(Product first, Product other) {
        String weight = first.linear().weight();
        return first.linear().node().getInput(0).equals(other.linear().node().getInput(0))
                && integers.get(weight).bits() == integers.get(other.linear().weight()).bits()
                && (first.bias() == null) == (other.bias() == null);
    }

    private @Nullable Product product(String value, OnnxModel scope, Set<String> shown) {
        NodeProto node = onlyUse(value, scope, shown);
        if (node == null) {
            return null;
        }
        if (!node.getOpType().equals("Add")) {
            return product(node, null, List.of(node));
        }
        for (int side = 0; side < 2; side++) {
            Tensor bias = graph.initializers().get(node.getInput(1 - side));
            NodeProto before = onlyUse(node.getInput(side), scope, shown);
            if (before != null && bias != null && bias.shape().size() == 1) {
                return product(before, node.getInput(1 - side), List.of(before, node));
            }
        }
        return null;
    }

    private @Nullable Product product(
            NodeProto node, @Nullable String bias, List<NodeProto> nodes) {
        Linear linear = Linear.of(node, graph.initializers());
        return linear == null
                        || node.getInputCount() > 2
                        || !integers.containsKey(linear.weight())
                        || bias != null && graph.initializers().get(bias).elements() != linear.out()
                ? null
                : new Product(linear, bias, nodes);
    }

    private static @Nullable NodeProto onlyUse(String value, OnnxModel scope, Set<String> shown) {
        return shown.contains(value) || scope.consumers(value).size() != 1
                ? null
                : scope.producer(value).orElse(null);
    }

    private String bias(List<String> parts) {
        return biases.computeIfAbsent(
                String.join("+", parts),
                name -> {
                    List<Tensor> tensors = parts.stream().map(graph.initializers()::get).toList();
                    long elements = tensors.stream().mapToLong(Tensor::elements).sum();
                    ByteBuffer all =
                            ByteBuffer.allocateDirect(Math.toIntExact(elements * Float.BYTES))
                                    .order(ByteOrder.LITTLE_ENDIAN);
                    tensors.forEach(tensor -> all.put(tensor.data().duplicate()));
                    String joined = fresh(name);
                    graph.initializers()
                            .put(
                                    joined,
                                    new Tensor(ElementType.FLOAT, List.of(elements), all.flip()));
                    return joined;
                });
    }
}
