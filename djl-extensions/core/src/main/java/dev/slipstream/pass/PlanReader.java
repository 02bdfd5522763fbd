package dev.slipstream.pass;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads plans from YAML, of which JSON is a part; every error names file, line and key. */
final class PlanReader {
    private final String where;
    private final Path folder;

    /**
     * Constructs a reader.
     *
     * @param where names the file in errors
     * @param folder what paths are relative to
     */
    PlanReader(String where, Path folder) {
        this.where = where;
        this.folder = folder;
    }

    Plan read(String text) {
        Optional<Node> root;
        try {
            root = new Compose(LoadSettings.builder().setLabel(where).build()).composeString(text);
        } catch (MarkedYamlEngineException e) {
            String line = e.getProblemMark().map(PlanReader::line).orElse("");
            throw new PassException(
                    "%s%s: expected YAML or JSON, found an error: %s"
                            .formatted(where, line, e.getProblem()),
                    e);
        } catch (YamlEngineException e) {
            throw new PassException(
                    "%s: expected YAML or JSON, found an error: %s"
                            .formatted(where, e.getMessage()),
                    e);
        }
        if (root.isEmpty()) {
            throw new PassException(where + ": expected passes or gates, found an empty file");
        }
        Map<String, Node> keys =
                keys(root.get(), "plan", List.of("passes", "gates", "calibration"));
        List<PassSpec> passes = specs("passes", keys.get("passes"));
        List<PassSpec> gates = specs("gates", keys.get("gates"));
        Node calibration = keys.get("calibration");
        return told(
                root.get(),
                "plan",
                () ->
                        new Plan(
                                passes,
                                gates,
                                calibration == null ? null : calibration(calibration)));
    }

    private List<PassSpec> specs(String key, @Nullable Node node) {
        List<PassSpec> specs = new ArrayList<>();
        if (node == null) {
            return specs;
        }
        if (!(node instanceof SequenceNode sequence)) {
            throw wrong(node, key, "a list of passes", found(node));
        }
        for (Node item : sequence.getValue()) {
            PassSpec spec = told(item, key, () -> spec(key, item));
            told(item, key, () -> Passes.create(spec));
            specs.add(spec);
        }
        return specs;
    }

    private PassSpec spec(String key, Node item) {
        if (item instanceof ScalarNode text) {
            return PassSpec.parse(text.getValue());
        }
        if (!(item instanceof MappingNode map) || map.getValue().size() != 1) {
            throw wrong(
                    item,
                    key,
                    "a pass as name:parameter=value or as {name: {parameter: value}}",
                    found(item));
        }
        NodeTuple tuple = map.getValue().get(0);
        String name = text(tuple.getKeyNode(), key);
        Map<String, String> parameters = new LinkedHashMap<>();
        keys(tuple.getValueNode(), name, null)
                .forEach((knob, value) -> parameters.put(knob, value(value, name + ", " + knob)));
        return new PassSpec(name, parameters);
    }

    /** A list is written with commas in a text form. */
    private String value(Node node, String key) {
        return node instanceof SequenceNode list
                ? list.getValue().stream()
                        .map(item -> text(item, key))
                        .collect(Collectors.joining(","))
                : text(node, key);
    }

    private CalibrationText calibration(Node node) {
        Map<String, Node> keys =
                keys(node, "calibration", List.of("text", "sequences", "length", "sha256"));
        Node text = keys.get("text");
        if (text == null) {
            throw wrong(node, "calibration", "a key text with a file or a list of them", "none");
        }
        List<Node> items =
                text instanceof SequenceNode list ? list.getValue() : List.<Node>of(text);
        List<Path> files = items.stream().map(this::path).toList();
        int sequences = whole(keys, "sequences", CalibrationText.SEQUENCES);
        int length = whole(keys, "length", CalibrationText.LENGTH);
        Node sha256 = keys.get("sha256");
        return told(
                node,
                "calibration",
                () ->
                        new CalibrationText(
                                files,
                                sequences,
                                length,
                                sha256 == null ? null : text(sha256, "sha256")));
    }

    private Path path(Node node) {
        String name = text(node, "text");
        try {
            return folder.resolve(name);
        } catch (InvalidPathException e) {
            throw wrong(node, "text", "a path", name);
        }
    }

    private int whole(Map<String, Node> keys, String key, int missing) {
        Node node = keys.get(key);
        if (node == null) {
            return missing;
        }
        String text = text(node, key);
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw wrong(node, key, "a whole number", text);
        }
    }

    /** Returns the entries of a map, whose keys must be known, if {@code known} says which are. */
    private Map<String, Node> keys(Node node, String what, @Nullable List<String> known) {
        if (!(node instanceof MappingNode map)) {
            throw wrong(node, what, known == null ? "a map" : "a map of " + known, found(node));
        }
        Map<String, Node> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : map.getValue()) {
            String key = text(tuple.getKeyNode(), what);
            if (known != null && !known.contains(key)) {
                throw wrong(tuple.getKeyNode(), what, "one of the keys " + known, key);
            }
            if (entries.put(key, tuple.getValueNode()) != null) {
                throw wrong(tuple.getKeyNode(), what, "each key once", key + " twice");
            }
        }
        return entries;
    }

    private String text(Node node, String key) {
        if (!(node instanceof ScalarNode scalar) || scalar.getValue().isEmpty()) {
            throw wrong(node, key, "a text or a number", found(node));
        }
        return scalar.getValue();
    }

    private static String found(Node node) {
        if (node instanceof ScalarNode scalar) {
            return scalar.getValue().isEmpty() ? "nothing" : "'" + scalar.getValue() + "'";
        }
        if (node instanceof MappingNode map) {
            return "a map of %d entries".formatted(map.getValue().size());
        }
        return "a list";
    }

    /** Puts file, line and key before what a pass or a record has to say. */
    private <T> T told(Node node, String key, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (PassException e) {
            String message = String.valueOf(e.getMessage());
            if (message.startsWith(where)) {
                throw e;
            }
            throw new PassException(place(node) + ": " + key + ": " + message, e);
        }
    }

    private PassException wrong(Node node, String key, String expected, String found) {
        return new PassException(
                "%s: %s: expected %s, found %s".formatted(place(node), key, expected, found));
    }

    private String place(Node node) {
        return where + node.getStartMark().map(PlanReader::line).orElse("");
    }

    private static String line(Mark mark) {
        return ", line " + (mark.getLine() + 1);
    }
}
