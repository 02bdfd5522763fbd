package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The rules that a model's values obey: each used one exists, each is produced once, no circle. */
final class ModelCheck {
    private ModelCheck() {}

    static void check(OnnxModel model) {
        checkDomains("graph " + model.name(), model.nodes(), model.opsets().keySet());
        Set<String> given = new HashSet<>(names(model.inputs(), "graph " + model.name()));
        // An initializer of the same name as an input is that input's default.
        given.addAll(model.initializers().keySet());
        check(
                "graph " + model.name(),
                Set.of(),
                given,
                model.nodes(),
                model.outputs().stream().map(ValueInfoProto::getName).toList());
        for (FunctionProto function : model.functions()) {
            Set<String> domains = new HashSet<>();
            function.getOpsetImportList().forEach(opset -> domains.add(domain(opset.getDomain())));
            checkDomains("function " + function.getName(), function.getNodeList(), domains);
            check(
                    "function " + function.getName(),
                    Set.of(),
                    new HashSet<>(function.getInputList()),
                    function.getNodeList(),
                    function.getOutputList());
        }
    }

    private static void check(
            String where,
            Set<String> outer,
            Set<String> given,
            List<NodeProto> nodes,
            List<String> outputs) {
        Map<String, NodeProto> producers = new HashMap<>();
        for (NodeProto node : nodes) {
            for (String output : node.getOutputList()) {
                if (output.isEmpty()) {
                    continue;
                }
                NodeProto other = producers.put(output, node);
                if (other != null || given.contains(output)) {
                    throw new GraphException(
                            "%s: value %s is produced by node %s and by %s; rename one of the two"
                                    .formatted(
                                            where,
                                            output,
                                            Values.label(node),
                                            other == null
                                                    ? "an input or initializer"
                                                    : "node " + Values.label(other)));
                }
            }
        }
        Set<String> visible = new HashSet<>(outer);
        visible.addAll(given);
        visible.addAll(producers.keySet());
        for (NodeProto node : nodes) {
            for (String input : node.getInputList()) {
                if (!input.isEmpty()) {
                    requireVisible(where, "node " + Values.label(node), input, visible);
                }
            }
            for (GraphProto graph : Values.subgraphs(node)) {
                checkSubgraph(where + ", subgraph of node " + Values.label(node), graph, visible);
            }
        }
        for (String output : outputs) {
            requireVisible(where, "its output", output, visible);
        }
        NodeOrder.sort(nodes, where);
    }

    /** ONNX's own domain has two names. */
    static String domain(String name) {
        return name.equals("ai.onnx") ? "" : name;
    }

    private static void checkDomains(String where, List<NodeProto> nodes, Set<String> domains) {
        for (NodeProto node : nodes) {
            String domain = domain(node.getDomain());
            if (!domains.contains(domain)) {
                throw new GraphException(
                        "%s: node %s is of domain '%s', of which no operator set is imported; import it"
                                .formatted(where, Values.label(node), domain));
            }
            for (GraphProto graph : Values.subgraphs(node)) {
                checkDomains(where, graph.getNodeList(), domains);
            }
        }
    }

    private static void checkSubgraph(String where, GraphProto graph, Set<String> outer) {
        Set<String> given = new HashSet<>(names(graph.getInputList(), where));
        for (TensorProto initializer : graph.getInitializerList()) {
            given.add(initializer.getName());
        }
        check(
                where,
                outer,
                given,
                graph.getNodeList(),
                graph.getOutputList().stream().map(ValueInfoProto::getName).toList());
    }

    private static Set<String> names(Collection<ValueInfoProto> infos, String where) {
        Set<String> names = new HashSet<>();
        for (ValueInfoProto info : infos) {
            if (!names.add(info.getName())) {
                throw new GraphException(
                        "%s: two inputs are named %s; rename one".formatted(where, info.getName()));
            }
        }
        return names;
    }

    private static void requireVisible(
            String where, String user, String value, Set<String> visible) {
        if (!visible.contains(value)) {
            throw new GraphException(
                    "%s: %s uses value %s, which is no input, initializer or output of a node"
                            .formatted(where, user, value));
        }
    }
}
