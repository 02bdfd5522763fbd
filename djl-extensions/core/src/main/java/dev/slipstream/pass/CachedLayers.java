package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keys, values and other states of the layers that are left: the others' go, no number is left out.
 */
public final class CachedLayers {
    /**
     * Metadata property that says where the caches of the original layers are now: {@code 0:0,2:1}
     * if layer 2's are now number 1 and those of layer 1 are gone. Absent where all are as they
     * were.
     */
    public static final String NOTE = "slipstream.layers";

    /**
     * {@code past_key_values.3.key}, {@code past_3}, {@code present.3.key}, {@code present_3}, ...
     */
    private static final Pattern STATE =
            Pattern.compile("((?:past|present)[A-Za-z_]*[._])(\\d{1,6})((?:[._].*)?)");

    private final OnnxModel graph;
    private final OnnxModel original;

    /**
     * Constructs the view.
     *
     * @param graph without the removed branches and what only they used
     * @param original with them
     */
    CachedLayers(OnnxModel graph, OnnxModel original) {
        this.graph = graph;
        this.original = original;
    }

    /**
     * Reads where the caches of the original layers are now.
     *
     * @param metadata of a model
     * @return new numbers by original ones; empty if no layer's were removed
     * @throws PassException if they are damaged
     */
    public static SortedMap<Integer, Integer> read(Map<String, String> metadata) {
        SortedMap<Integer, Integer> map = new TreeMap<>();
        String note = metadata.get(NOTE);
        if (note != null) {
            for (String pair : note.split(",")) {
                if (!pair.matches("\\d{1,6}:\\d{1,6}")) {
                    throw new PassException(
                            "metadata %s: expected pairs of layers such as 2:1, separated by commas, found '%s'; make the model again from its plan"
                                    .formatted(NOTE, note));
                }
                String[] sides = pair.split(":");
                map.put(Integer.valueOf(sides[0]), Integer.valueOf(sides[1]));
            }
        }
        return map;
    }

    /** Tells whether a graph's output is what a run hands to the next. */
    static boolean present(String output) {
        return output.startsWith("present") && STATE.matcher(output).matches();
    }

    static boolean past(String input) {
        return input.startsWith("past") && STATE.matcher(input).matches();
    }

    /** Takes out the inputs that only the removed used, and gives the others new numbers. */
    void drop(SortedMap<SubLayerName, BranchAdd> removed) {
        Set<String> gone = new LinkedHashSet<>();
        removed.values().forEach(add -> gone.addAll(states(add.subLayer())));
        for (BranchAdd add : removed.values()) {
            for (String state : states(add.subLayer())) {
                lendLength(state, gone, add.name());
            }
        }
        if (gone.isEmpty()) {
            return;
        }
        graph.inputs().removeIf(input -> gone.contains(input.getName()));
        SortedSet<Integer> kept = new TreeSet<>();
        for (ValueInfoProto input : graph.inputs()) {
            if (past(input.getName())) {
                kept.add(number(input.getName()));
            }
        }
        if (kept.isEmpty()) {
            throw new PassException(
                    "%s: expected that one attention stays, as a decoder needs one with keys and values; found all among the removed %s"
                            .formatted(graph.name(), removed.keySet()));
        }
        renumber(kept);
    }

    /** Returns the inputs for what earlier runs handed over, mere sizes not counted as use. */
    private Set<String> states(SubLayer subLayer) {
        Set<String> states = new LinkedHashSet<>();
        for (NodeProto node : subLayer.nodes()) {
            if (!node.getOpType().equals("Shape")) {
                for (String value : node.getInputList()) {
                    if (past(value) && declared(value).isPresent()) {
                        states.add(value);
                    }
                }
            }
        }
        return states;
    }

    private Optional<ValueInfoProto> declared(String input) {
        return original.inputs().stream().filter(info -> info.getName().equals(input)).findFirst();
    }

    /** The length of one layer's past is every layer's: who asked a removed one asks another. */
    private void lendLength(String state, Set<String> gone, SubLayerName name) {
        List<NodeProto> users = graph.consumers(state);
        if (users.isEmpty()) {
            return;
        }
        String lender = lender(state, gone);
        if (lender.isEmpty() || users.stream().anyMatch(n -> !n.getOpType().equals("Shape"))) {
            throw new PassException(
                    "%s: %s: expected that nothing else uses its past %s, found %s"
                            .formatted(
                                    graph.name(),
                                    name,
                                    state,
                                    users.stream().map(NodeProto::getName).toList()));
        }
        rename(Map.of(state, lender));
    }

    /** Returns a state of the same kind and shape that stays; empty if there is none. */
    private String lender(String state, Set<String> gone) {
        for (ValueInfoProto other : graph.inputs()) {
            if (!gone.contains(other.getName())
                    && past(other.getName())
                    && withNumber(other.getName(), number(state)).equals(state)
                    && declared(state).map(CachedLayers::sizes).equals(Optional.of(sizes(other)))) {
                return other.getName();
            }
        }
        return "";
    }

    private static List<Long> sizes(ValueInfoProto info) {
        return info.getType().getTensorType().getShape().getDimList().stream()
                .map(dimension -> dimension.getDimValue())
                .toList();
    }

    private void renumber(SortedSet<Integer> kept) {
        SortedMap<Integer, Integer> numbers = new TreeMap<>();
        kept.forEach(number -> numbers.put(number, numbers.size()));
        Map<String, String> names = new LinkedHashMap<>();
        List<ValueInfoProto> infos = new ArrayList<>(graph.inputs());
        infos.addAll(graph.outputs());
        for (ValueInfoProto info : infos) {
            String name = info.getName();
            if ((past(name) || present(name)) && numbers.containsKey(number(name))) {
                names.put(name, withNumber(name, numbers.get(number(name))));
            }
        }
        graph.inputs().replaceAll(info -> renamed(info, names));
        graph.outputs().replaceAll(info -> renamed(info, names));
        rename(names);
        note(numbers);
    }

    private void note(SortedMap<Integer, Integer> numbers) {
        SortedMap<Integer, Integer> before = read(original.metadata());
        List<String> pairs = new ArrayList<>();
        if (before.isEmpty()) {
            numbers.forEach((from, to) -> pairs.add(from + ":" + to));
        }
        before.forEach(
                (from, between) -> {
                    Integer to = numbers.get(between);
                    if (to != null) {
                        pairs.add(from + ":" + to);
                    }
                });
        graph.metadata().put(NOTE, String.join(",", pairs));
    }

    private void rename(Map<String, String> names) {
        graph.replaceNodes(
                node -> {
                    NodeProto.Builder renamed = node.toBuilder();
                    for (int i = 0; i < node.getInputCount(); i++) {
                        renamed.setInput(i, names.getOrDefault(node.getInput(i), node.getInput(i)));
                    }
                    for (int i = 0; i < node.getOutputCount(); i++) {
                        renamed.setOutput(
                                i, names.getOrDefault(node.getOutput(i), node.getOutput(i)));
                    }
                    return List.of(renamed.build());
                });
    }

    private static ValueInfoProto renamed(ValueInfoProto info, Map<String, String> names) {
        return info.toBuilder().setName(names.getOrDefault(info.getName(), info.getName())).build();
    }

    private static int number(String state) {
        return Integer.parseInt(matched(state).group(2));
    }

    private static Matcher matched(String state) {
        Matcher matcher = STATE.matcher(state);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("no state: " + state);
        }
        return matcher;
    }

    private static String withNumber(String state, int number) {
        Matcher matcher = matched(state);
        return matcher.group(1) + number + matcher.group(3);
    }
}
