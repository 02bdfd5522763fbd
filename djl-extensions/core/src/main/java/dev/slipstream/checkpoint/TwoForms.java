package dev.slipstream.checkpoint;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gives the layers of a decoder a second form of their weights, in bytes, which reads many tokens
 * at once two to three times as fast as blocks of four or eight bits do; one token at a time is
 * faster in the first form. The layers stand in the two branches of one {@code If} on the input
 * {@code long_run}, a scalar; both write the same keys and values. The head, of which a prompt
 * needs one row, stays as it is.
 *
 * <p>One {@code If} for all layers, as each costs 8 us; and none within another, as ONNX Runtime
 * packs weights for the graph that owns them and one below only.
 */
public final class TwoForms {
    /** The input that chooses: true for the bytes. */
    public static final String LONG_RUN = "long_run";

    private static final String ROWS = "logit_positions";
    private static final Set<String> KNOWN =
            Set.of("input_ids", "seqlens_k", "total_sequence_length", ROWS);

    private final OnnxModel source;
    private final Map<String, List<Tensor>> floats;
    private final List<NodeProto> layers = new ArrayList<>();
    private final List<NodeProto> head = new ArrayList<>();
    private final Set<String> inner = new HashSet<>();
    private int products;

    private TwoForms(OnnxModel source, Map<String, List<Tensor>> floats) {
        this.source = source;
        this.floats = floats;
    }

    /**
     * Returns a decoder with both forms; the bytes are rounded from the weights as they are stored.
     *
     * @param graph of the form that {@link DecoderGraphs} writes, without gates; itself if it has
     *     both forms already
     * @throws CheckpointException if it is of another form, or has gates
     */
    public static OnnxModel of(OnnxModel graph) {
        boolean already =
                graph.inputs().stream().anyMatch(input -> input.getName().equals(LONG_RUN));
        return already ? graph : of(graph, Map.of());
    }

    /**
     * Returns a decoder with both forms.
     *
     * @param floats by the name of a rounded matrix: what it was rounded from
     */
    static OnnxModel of(OnnxModel graph, Map<String, List<Tensor>> floats) {
        OnnxModel sorted = graph.copy();
        sorted.sort();
        return new TwoForms(sorted, floats).write();
    }

    private OnnxModel write() {
        check();
        divide();
        List<ValueInfoProto> results = results();
        OnnxModel model = source.copy();
        model.nodes().clear();
        GraphBuilder graph = new GraphBuilder(model);
        graph.input(LONG_RUN, ElementType.BOOL);
        GraphBuilder bytes = graph.subgraph("long");
        ByteProducts written = new ByteProducts(graph, bytes);
        for (NodeProto node : layers) {
            WeightProduct product = WeightProduct.of(node, source.initializers(), floats);
            if (product == null) {
                bytes.model().nodes().add(renamed(node, "long."));
            } else {
                written.multiply(
                        inside(product.x(), "long."), product, "long." + node.getOutput(0));
                products++;
            }
        }
        if (products == 0) {
            throw new CheckpointException(
                    "%s: expected products with matrices of floats, or of 4 or 8 bits in blocks of 32, found none; load it without prefill weights"
                            .formatted(source.name()));
        }
        GraphBuilder stored = graph.subgraph("short");
        layers.forEach(node -> stored.model().nodes().add(renamed(node, "short.")));
        declare(bytes, results, "long.");
        declare(stored, results, "short.");
        graph.node("If", LONG_RUN)
                .attribute("then_branch", bytes.graph())
                .attribute("else_branch", stored.graph())
                .outputs(results.stream().map(ValueInfoProto::getName).toArray(String[]::new));
        model.nodes().addAll(head);
        return model;
    }

    private void check() {
        Set<String> inputs = new LinkedHashSet<>();
        source.inputs().forEach(input -> inputs.add(input.getName()));
        if (!inputs.containsAll(KNOWN)) {
            throw new CheckpointException(
                    "%s: expected a decoder of the form that Slipstream writes, with the inputs %s, found %s; load it without prefill weights"
                            .formatted(source.name(), KNOWN, inputs));
        }
        inputs.removeIf(name -> KNOWN.contains(name) || name.startsWith("past_key_values."));
        boolean branches =
                source.nodes().stream()
                        .flatMap(node -> node.getAttributeList().stream())
                        .anyMatch(attribute -> attribute.hasG() || attribute.getGraphsCount() > 0);
        if (!inputs.isEmpty() || branches) {
            throw new CheckpointException(
                    "%s: expected a graph without gates for prefill weights, found %s; weights of a gate within a branch would not be packed: leave out the gates, the drafters slice and layer-skip, or the prefill weights"
                            .formatted(
                                    source.name(),
                                    inputs.isEmpty() ? "nodes with branches" : "inputs " + inputs));
        }
    }

    /** The head is what the choice of rows decides about; everything else is layers. */
    private void divide() {
        Set<String> chosen = new HashSet<>(Set.of(ROWS));
        for (NodeProto node : source.nodes()) {
            if (node.getInputList().stream().anyMatch(chosen::contains)) {
                head.add(node);
                chosen.addAll(node.getOutputList());
            } else {
                layers.add(node);
                inner.addAll(node.getOutputList());
            }
        }
        inner.remove("");
    }

    /** Returns what the head and the graph's outputs need of the layers. */
    private List<ValueInfoProto> results() {
        List<ValueInfoProto> results = new ArrayList<>();
        Set<String> read = new LinkedHashSet<>();
        head.forEach(node -> read.addAll(node.getInputList()));
        read.retainAll(inner);
        TypeProto floats =
                TypeProto.newBuilder()
                        .setTensorType(
                                TypeProto.Tensor.newBuilder().setElemType(ElementType.FLOAT.code()))
                        .build();
        read.forEach(
                name ->
                        results.add(
                                ValueInfoProto.newBuilder().setName(name).setType(floats).build()));
        for (ValueInfoProto output : source.outputs()) {
            if (inner.contains(output.getName())) {
                results.add(output);
            }
        }
        return results;
    }

    private static void declare(GraphBuilder branch, List<ValueInfoProto> results, String prefix) {
        for (ValueInfoProto result : results) {
            branch.model()
                    .outputs()
                    .add(result.toBuilder().setName(prefix + result.getName()).build());
        }
    }

    private NodeProto renamed(NodeProto node, String prefix) {
        NodeProto.Builder result =
                node.toBuilder().setName(prefix + node.getName()).clearInput().clearOutput();
        node.getInputList().forEach(input -> result.addInput(inside(input, prefix)));
        node.getOutputList()
                .forEach(output -> result.addOutput(output.isEmpty() ? "" : prefix + output));
        return result.build();
    }

    private String inside(String value, String prefix) {
        return inner.contains(value) ? prefix + value : value;
    }
}
