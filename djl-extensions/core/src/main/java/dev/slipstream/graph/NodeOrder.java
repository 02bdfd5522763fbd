package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/** Topological order of nodes. */
final class NodeOrder {
    private final List<NodeProto> nodes;
    private final List<List<Integer>> users = new ArrayList<>();
    private final List<List<Integer>> sources = new ArrayList<>();

    private NodeOrder(List<NodeProto> nodes) {
        this.nodes = nodes;
        Map<String, Integer> producers = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            users.add(new ArrayList<>());
            sources.add(new ArrayList<>());
            for (String output : nodes.get(i).getOutputList()) {
                producers.put(output, i);
            }
        }
        producers.remove("");
        for (int i = 0; i < nodes.size(); i++) {
            for (String value : Values.usedBy(nodes.get(i))) {
                Integer producer = producers.get(value);
                if (producer != null) {
                    users.get(producer).add(i);
                    sources.get(i).add(producer);
                }
            }
        }
    }

    /**
     * Sorts nodes so that each stands behind its producers; of the nodes that may come next, the
     * first in the given order does.
     *
     * @param graph what to call the graph in the message
     * @throws GraphException naming the nodes of a circle
     */
    static List<NodeProto> sort(List<NodeProto> nodes, String graph) {
        return new NodeOrder(nodes).sort(graph);
    }

    private List<NodeProto> sort(String graph) {
        int[] waiting = new int[nodes.size()];
        PriorityQueue<Integer> ready = new PriorityQueue<>();
        for (int i = 0; i < waiting.length; i++) {
            waiting[i] = sources.get(i).size();
            if (waiting[i] == 0) {
                ready.add(i);
            }
        }
        List<NodeProto> sorted = new ArrayList<>(nodes.size());
        while (!ready.isEmpty()) {
            int next = ready.poll();
            sorted.add(nodes.get(next));
            for (int user : users.get(next)) {
                if (--waiting[user] == 0) {
                    ready.add(user);
                }
            }
        }
        if (sorted.size() < nodes.size()) {
            throw new GraphException(
                    "%s: nodes wait for each other in a circle: %s; break it"
                            .formatted(graph, circle(waiting)));
        }
        return sorted;
    }

    /** Follows unfinished producers from any unfinished node until one comes up again. */
    private String circle(int[] waiting) {
        int node = 0;
        while (waiting[node] == 0) {
            node++;
        }
        int[] stepOf = new int[nodes.size()];
        Arrays.fill(stepOf, -1);
        Deque<String> path = new ArrayDeque<>();
        while (stepOf[node] < 0) {
            stepOf[node] = path.size();
            path.addLast(Values.label(nodes.get(node)));
            node = sources.get(node).stream().filter(s -> waiting[s] > 0).findFirst().orElseThrow();
        }
        for (int skip = stepOf[node]; skip > 0; skip--) {
            path.removeFirst();
        }
        path.addLast(path.getFirst());
        List<String> forward = new ArrayList<>();
        path.descendingIterator().forEachRemaining(forward::add);
        return String.join(" => ", forward);
    }
}
