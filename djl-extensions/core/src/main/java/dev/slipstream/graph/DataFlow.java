package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Who feeds whom among the nodes of one graph; nodes are known by their topological number. */
final class DataFlow {
    private final List<NodeProto> nodes;
    private final List<Set<String>> used = new ArrayList<>();
    private final Map<String, Integer> producers = new HashMap<>();
    private final List<List<Integer>> users = new ArrayList<>();
    private final Predicate<String> givenConstant;
    private final Set<String> constants = new HashSet<>();

    /**
     * Constructs the flow.
     *
     * @param nodes the nodes in any order
     * @param givenConstant whether a value that comes from elsewhere is constant
     */
    DataFlow(List<NodeProto> nodes, Predicate<String> givenConstant) {
        this.nodes = NodeOrder.sort(nodes, "graph");
        this.givenConstant = givenConstant;
        for (int i = 0; i < this.nodes.size(); i++) {
            NodeProto node = this.nodes.get(i);
            used.add(Values.usedBy(node));
            users.add(new ArrayList<>());
            for (String value : used.get(i)) {
                Integer producer = producers.get(value);
                if (producer != null) {
                    users.get(producer).add(i);
                }
            }
            boolean constant = used.get(i).stream().allMatch(this::constant);
            for (String output : node.getOutputList()) {
                if (!output.isEmpty()) {
                    producers.put(output, i);
                    if (constant) {
                        constants.add(output);
                    }
                }
            }
        }
    }

    List<NodeProto> nodes() {
        return nodes;
    }

    NodeProto node(int index) {
        return nodes.get(index);
    }

    /** Returns the values that a node uses, in its subgraphs too. */
    Set<String> used(int index) {
        return used.get(index);
    }

    /** Returns the nodes that use a node's outputs. */
    List<Integer> users(int index) {
        return users.get(index);
    }

    /** Returns the node that produces a value, or -1 if it comes from elsewhere. */
    int producer(String value) {
        return producers.getOrDefault(value, -1);
    }

    /** Says whether a value is the same in every run: made of initializers only. */
    boolean constant(String value) {
        return constants.contains(value)
                || !producers.containsKey(value) && givenConstant.test(value);
    }

    /** Returns the nodes that a value depends on. */
    BitSet ancestors(String value) {
        return back(value, 0);
    }

    /**
     * Returns the nodes on the ways from values to another value; none if it does not depend on
     * them.
     *
     * @param from values of one origin
     * @param to the dependent value
     */
    BitSet between(Collection<String> from, String to) {
        int first = nodes.size();
        for (String value : from) {
            first = Math.min(first, producer(value) + 1);
        }
        BitSet path = new BitSet();
        BitSet region = back(to, first);
        for (int i = region.nextSetBit(0); i >= 0; i = region.nextSetBit(i + 1)) {
            for (String value : used.get(i)) {
                int producer = producer(value);
                if (from.contains(value) || producer >= 0 && path.get(producer)) {
                    path.set(i);
                }
            }
        }
        return path;
    }

    List<NodeProto> nodes(BitSet indices) {
        return indices.stream().mapToObj(nodes::get).toList();
    }

    /** Returns the ancestors of a value from a node number on. */
    private BitSet back(String value, int first) {
        BitSet seen = new BitSet();
        int start = producer(value);
        if (start < first) {
            return seen;
        }
        seen.set(start);
        for (int i = start; i >= first; i = seen.previousSetBit(i - 1)) {
            for (String input : used.get(i)) {
                int producer = producer(input);
                if (producer >= first) {
                    seen.set(producer);
                }
            }
            if (i == 0) {
                break;
            }
        }
        return seen;
    }
}
