package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.checkpoint.BlockQuantizer;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the matrices of floats that a graph multiplies with or looks up, in branches too. */
final class FloatMatrices {
    private static final Set<String> VIEWS =
            Set.of("Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze");

    private final Map<String, Tensor> initializers;
    private final Map<String, FloatMatrix> found = new LinkedHashMap<>();
    private final Set<String> contradictory = new HashSet<>();
    private final Set<String> ids = new HashSet<>(Set.of("input_ids"));

    private FloatMatrices(Map<String, Tensor> initializers) {
        this.initializers = initializers;
    }

    /** Returns them by name, in the order of the graph's nodes. */
    static Map<String, FloatMatrix> of(OnnxModel graph) {
        OnnxModel sorted = graph.copy();
        sorted.sort();
        FloatMatrices matrices = new FloatMatrices(graph.initializers());
        matrices.read(sorted.nodes());
        matrices.found.keySet().removeAll(matrices.contradictory);
        return matrices.found;
    }

    /**
     * Turns products with a transposed matrix into products that read it as it lies: exporters
     * write a transposition where embedding and head are one matrix.
     */
    static void foldTranspositions(OnnxModel graph) {
        Map<String, String> turned = new HashMap<>();
        for (NodeProto node : graph.nodes()) {
            if (node.getOpType().equals("Transpose") && matrix(node, 0, graph.initializers())) {
                turned.put(node.getOutput(0), node.getInput(0));
            }
        }
        if (turned.isEmpty()) {
            return;
        }
        graph.opsets().putIfAbsent("com.microsoft", 1);
        graph.replaceNodes(
                node -> {
                    if (!node.getOpType().equals("MatMul")
                            || !turned.containsKey(node.getInput(1))) {
                        return List.of(node);
                    }
                    return List.of(
                            node.toBuilder()
                                    .setOpType("FusedMatMul")
                                    .setDomain("com.microsoft")
                                    .setInput(1, turned.get(node.getInput(1)))
                                    .addAttribute(Attributes.of("transB", 1))
                                    .build());
                });
    }

    /** Reads a node that looks up embeddings in a matrix of floats; null if it is none. */
    private @Nullable FloatMatrix lookedUp(NodeProto node) {
        if (!node.getOpType().equals("Gather")
                || !matrix(node, 0, initializers)
                || !ids.contains(node.getInput(1))
                || node.getAttributeList().stream().anyMatch(axis -> axis.getI() != 0)) {
            return null;
        }
        List<Long> shape = initializers.get(node.getInput(0)).shape();
        if (shape.get(1) % BlockQuantizer.BLOCK != 0) {
            return null;
        }
        return new FloatMatrix(
                node.getInput(0),
                Linear.Layout.OUT_IN,
                Math.toIntExact(shape.get(1)),
                Math.toIntExact(shape.get(0)),
                new TreeSet<>(),
                true);
    }

    private void read(Collection<NodeProto> nodes) {
        for (NodeProto node : nodes) {
            node.getAttributeList().stream()
                    .filter(AttributeProto::hasG)
                    .forEach(attribute -> read(attribute.getG().getNodeList()));
            if (VIEWS.contains(node.getOpType()) && ids.contains(node.getInput(0))) {
                ids.add(node.getOutput(0));
            }
            Linear linear = Linear.of(node, initializers);
            if (linear != null) {
                add(
                        new FloatMatrix(
                                linear.weight(),
                                linear.layout(),
                                linear.in(),
                                linear.out(),
                                new TreeSet<>(List.of(node.getInput(0))),
                                false));
            }
            FloatMatrix table = lookedUp(node);
            if (table != null) {
                add(table);
            }
        }
    }

    private void add(FloatMatrix use) {
        FloatMatrix known = found.get(use.weight());
        if (known != null && !known.agrees(use)) {
            contradictory.add(use.weight());
        } else {
            found.put(use.weight(), known == null ? use : known.and(use));
        }
    }

    private static boolean matrix(NodeProto node, int input, Map<String, Tensor> initializers) {
        Tensor tensor = initializers.get(node.getInput(input));
        return tensor != null && tensor.type() == ElementType.FLOAT && tensor.shape().size() == 2;
    }

    /** Says why a graph has none. */
    static PassException none(OnnxModel graph) {
        List<String> types = new ArrayList<>();
        graph.initializers().values().stream()
                .filter(tensor -> tensor.shape().size() >= 2)
                .map(tensor -> tensor.type().toString())
                .distinct()
                .sorted()
                .forEach(types::add);
        boolean half = types.contains("FLOAT16") || types.contains("BFLOAT16");
        return new PassException(
                "%s: expected products with constant matrices of 32-bit floats, found %s; %s"
                        .formatted(
                                graph.name(),
                                types.isEmpty() ? "no matrices" : "matrices of " + types,
                                half
                                        ? "convert the model to 32-bit floats first"
                                        : "the model is quantised already, or its matrices are computed in the graph: begin with the original one"));
    }
}
