package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Which values nodes use; a node uses what its subgraphs use from outside of them. */
final class Values {
    private Values() {}

    /** Returns the values that a node needs before it can run, omitted optional inputs left out. */
    static Set<String> usedBy(NodeProto node) {
        Set<String> used = new LinkedHashSet<>(node.getInputList());
        used.remove("");
        for (GraphProto graph : subgraphs(node)) {
            used.addAll(freeIn(graph));
        }
        return used;
    }

    /** Returns the subgraphs in a node's attributes. */
    static List<GraphProto> subgraphs(NodeProto node) {
        List<GraphProto> graphs = new ArrayList<>();
        for (AttributeProto attribute : node.getAttributeList()) {
            if (attribute.hasG()) {
                graphs.add(attribute.getG());
            }
            graphs.addAll(attribute.getGraphsList());
        }
        return graphs;
    }

    /** Returns nodes with others in the place of some, subgraphs first. */
    static List<NodeProto> replaced(
            List<NodeProto> nodes, Function<NodeProto, List<NodeProto>> replacement) {
        List<NodeProto> result = new ArrayList<>();
        for (NodeProto node : nodes) {
            NodeProto.Builder inner = node.toBuilder();
            for (AttributeProto.Builder attribute : inner.getAttributeBuilderList()) {
                if (attribute.hasG()) {
                    GraphProto.Builder graph = attribute.getGBuilder();
                    List<NodeProto> within = replaced(graph.getNodeList(), replacement);
                    graph.clearNode().addAllNode(within);
                }
            }
            result.addAll(replacement.apply(inner.build()));
        }
        return result;
    }

    /** Says a node's name, or what it is where it has none. */
    static String label(NodeProto node) {
        return node.getName().isEmpty()
                ? node.getOpType() + " -> " + String.join(", ", node.getOutputList())
                : node.getName();
    }

    private static Set<String> freeIn(GraphProto graph) {
        Set<String> free = new LinkedHashSet<>();
        for (NodeProto node : graph.getNodeList()) {
            free.addAll(usedBy(node));
        }
        for (ValueInfoProto output : graph.getOutputList()) {
            free.add(output.getName());
        }
        for (NodeProto node : graph.getNodeList()) {
            node.getOutputList().forEach(free::remove);
        }
        for (TensorProto initializer : graph.getInitializerList()) {
            free.remove(initializer.getName());
        }
        for (ValueInfoProto input : graph.getInputList()) {
            free.remove(input.getName());
        }
        return free;
    }
}
