package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes nodes into a model as expressions that return the names of their results.
 *
 * <pre>{@code
 * String x = b.input("x", ElementType.FLOAT, "batch", 64);
 * String w = b.initializer("w", weights);
 * String y = b.node("MatMul", x, w).output("y");
 * b.output(y, ElementType.FLOAT, "batch", 8);
 * }</pre>
 *
 * <p>Names of inputs, outputs and initializers are the caller's and must be new; the name of a
 * node's result gets a number behind it where it is taken already, the same in every run.
 */
public final class GraphBuilder {
    private final OnnxModel model;
    private final Set<String> taken;

    /**
     * Constructs a builder that adds to a model.
     *
     * @param model empty or not; its present names count as taken
     */
    public GraphBuilder(OnnxModel model) {
        this(model, new HashSet<>(model.initializers().keySet()));
        model.inputs().forEach(input -> taken.add(input.getName()));
        model.nodes().forEach(node -> takeNames(node, taken));
    }

    private GraphBuilder(OnnxModel model, Set<String> taken) {
        this.model = model;
        this.taken = taken;
    }

    /** Returns the model that this builder adds to. */
    public OnnxModel model() {
        return model;
    }

    /**
     * Adds an input of the graph.
     *
     * @param name a new name
     * @param type the type of its elements
     * @param dimensions a number where fixed ({@code Integer} or {@code Long}), a name where not
     * @return the name
     */
    public String input(String name, ElementType type, Object... dimensions) {
        take(name);
        model.inputs().add(info(name, type, dimensions));
        return name;
    }

    /**
     * Declares a value to be an output of the graph.
     *
     * @param value the name of a value, which some node produces now or later
     * @param type the type of its elements
     * @param dimensions a number where fixed ({@code Integer} or {@code Long}), a name where not
     * @return the name
     */
    public String output(String value, ElementType type, Object... dimensions) {
        model.outputs().add(info(value, type, dimensions));
        return value;
    }

    /**
     * Adds a constant tensor.
     *
     * @param name a new name
     * @param tensor its value; kept, not copied
     * @return the name
     */
    public String initializer(String name, Tensor tensor) {
        take(name);
        model.initializers().put(name, tensor);
        return name;
    }

    /**
     * Begins a node of ONNX's own operators.
     *
     * @param operator the operator's name
     * @param inputs the names of its inputs; "" for an optional one that is left out
     */
    public NodeBuilder node(String operator, String... inputs) {
        return node(operator, "", List.of(inputs));
    }

    /**
     * Begins a node.
     *
     * @param operator the operator's name
     * @param domain the operator's domain, such as {@code com.microsoft}; "" for ONNX's own
     * @param inputs the names of its inputs; "" for an optional one that is left out
     */
    public NodeBuilder node(String operator, String domain, List<String> inputs) {
        return new NodeBuilder(this, operator, domain, inputs);
    }

    /**
     * Begins a subgraph, such as a branch of an {@code If}. Its nodes see the values of this graph;
     * its names differ from those of this graph. When it is complete, {@link #graph} is the value
     * of the node's attribute.
     *
     * @param name the name of the subgraph
     */
    public GraphBuilder subgraph(String name) {
        return new GraphBuilder(new OnnxModel(name), taken);
    }

    /** Returns what was built as a graph with all tensors inside: the value of an attribute. */
    public GraphProto graph() {
        return ModelWriter.proto(model, tensor -> false, "").model().getGraph();
    }

    void add(NodeProto node) {
        model.nodes().add(node);
    }

    /** Returns the name itself or, if it is taken, with the first free number behind it. */
    String unique(String name) {
        String free = name;
        for (int i = 1; !taken.add(free); i++) {
            free = name + "_" + i;
        }
        return free;
    }

    private void take(String name) {
        if (name.isEmpty() || !taken.add(name)) {
            throw new IllegalArgumentException(
                    "graph %s: expected a new name, but '%s' is %s"
                            .formatted(model.name(), name, name.isEmpty() ? "empty" : "taken"));
        }
    }

    private static void takeNames(NodeProto node, Set<String> taken) {
        taken.addAll(node.getOutputList());
        for (GraphProto graph : Values.subgraphs(node)) {
            graph.getInputList().forEach(input -> taken.add(input.getName()));
            graph.getInitializerList().forEach(tensor -> taken.add(tensor.getName()));
            graph.getNodeList().forEach(inner -> takeNames(inner, taken));
        }
    }

    private static ValueInfoProto info(String name, ElementType type, Object... dimensions) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (Object dimension : dimensions) {
            if (dimension instanceof String symbol) {
                shape.addDimBuilder().setDimParam(symbol);
            } else if (dimension instanceof Integer || dimension instanceof Long) {
                shape.addDimBuilder().setDimValue(((Number) dimension).longValue());
            } else {
                throw new IllegalArgumentException(
                        "value %s: expected dimensions as Integer, Long or String, found %s"
                                .formatted(name, dimension));
            }
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(
                        TypeProto.newBuilder()
                                .setTensorType(
                                        TypeProto.Tensor.newBuilder()
                                                .setElemType(type.code())
                                                .setShape(shape)))
                .build();
    }
}
