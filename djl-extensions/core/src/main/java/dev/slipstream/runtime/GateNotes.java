package dev.slipstream.runtime;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayerName;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a model's metadata says of the gates in its graph: whoever puts gates in notes them, and
 * whoever runs the model reads what they mean.
 *
 * @param switched sub-layers behind the input {@link Effort#GATES}, in the order of its elements
 * @param widths feed-forward widths behind the input {@link Effort#WIDTHS}, in neurons, rising
 * @param skips what may be skipped token by token; null if nothing
 */
public record GateNotes(List<SubLayerName> switched, List<Integer> widths, @Nullable Skips skips) {
    private static final String SWITCHED = "slipstream.gates";
    private static final String WIDTHS = "slipstream.widths";
    private static final String SKIPS = "slipstream.skips";

    /** Copies the lists. */
    public GateNotes {
        switched = List.copyOf(switched);
        widths = List.copyOf(widths);
    }

    /**
     * Feed-forwards that may be skipped token by token.
     *
     * @param layers their indices, in the order of the rows of the output {@link Effort#SKIPPED}
     * @param usual the knobs that were proposed for the model
     * @param warmUp tokens of each text that are computed in full first
     */
    public record Skips(List<Integer> layers, Effort.Skipping usual, int warmUp) {
        /** Checks and copies. */
        public Skips {
            layers = List.copyOf(layers);
            if (layers.isEmpty() || warmUp < 0) {
                throw new IllegalArgumentException(
                        "expected layers and a warm-up of 0 or more tokens, found %s and %d"
                                .formatted(layers, warmUp));
            }
        }
    }

    /** Returns the notes of a model without gates. */
    public static GateNotes none() {
        return new GateNotes(List.of(), List.of(), null);
    }

    /** Tells whether there is no gate. */
    public boolean isEmpty() {
        return switched.isEmpty() && widths.isEmpty() && skips == null;
    }

    /**
     * Tells whether runs of an effort compute everything but what they skip token by token, so that
     * what they give to tokens that skip nothing is the whole model's.
     */
    public boolean wholeRuns(Effort effort) {
        return !effort.gates().contains(false)
                && effort.widths().stream().allMatch(width -> width == widths.size() - 1);
    }

    /**
     * Checks that a model has what an effort asks for.
     *
     * @param layers that have several widths
     * @param model its name, for the message
     * @throws IllegalArgumentException if it has not
     */
    void check(Effort effort, int layers, String model) {
        require(effort.gates().size(), switched.size(), model, "gates");
        require(effort.widths().size(), layers, model, "widths");
        for (int width : effort.widths()) {
            if (width < 0 || width >= widths.size()) {
                throw new IllegalArgumentException(
                        "%s: widths: expected indices of 0 to %d, of the widths %s, found %d"
                                .formatted(model, widths.size() - 1, widths, width));
            }
        }
        if (effort.skipping() != null && skips == null) {
            throw new IllegalArgumentException(
                    "%s: skipping: expected none, as no feed-forward of the model can be skipped, found %s; apply the pass ffn-skip to the model"
                            .formatted(model, effort.skipping()));
        }
    }

    private static void require(int found, int expected, String model, String what) {
        if (found != 0 && found != expected) {
            throw new IllegalArgumentException(
                    expected == 0
                            ? "%s: %s: expected none, as the model has no such gates, found %d"
                                    .formatted(model, what, found)
                            : "%s: %s: expected %d of them, or none for all, found %d"
                                    .formatted(model, what, expected, found));
        }
    }

    /** Writes these notes into a model's metadata. */
    public void write(OnnxModel model) {
        Map<String, String> metadata = model.metadata();
        if (!switched.isEmpty()) {
            metadata.put(SWITCHED, joined(switched));
        }
        if (!widths.isEmpty()) {
            metadata.put(WIDTHS, joined(widths));
        }
        if (skips != null) {
            Effort.Skipping usual = skips.usual();
            metadata.put(
                    SKIPS,
                    "layers=%s;threshold=%s;count=%d;rearm=%s;warm-up=%d"
                            .formatted(
                                    joined(skips.layers()),
                                    usual.threshold(),
                                    usual.count(),
                                    usual.rearm(),
                                    skips.warmUp()));
        }
    }

    /**
     * Reads a model's notes.
     *
     * @param metadata of the model
     * @throws InferenceException if they are damaged
     */
    public static GateNotes read(Map<String, String> metadata) {
        try {
            return new GateNotes(
                    split(metadata.get(SWITCHED)).stream().map(SubLayerName::parse).toList(),
                    split(metadata.get(WIDTHS)).stream().map(Integer::valueOf).toList(),
                    skips(metadata.get(SKIPS)));
        } catch (RuntimeException e) {
            throw new InferenceException(
                    "the model's metadata on its gates (%s, %s, %s) cannot be read: %s; make the model again from its plan"
                            .formatted(SWITCHED, WIDTHS, SKIPS, e.getMessage()),
                    e);
        }
    }

    private static @Nullable Skips skips(@Nullable String text) {
        if (text == null) {
            return null;
        }
        Map<String, String> parts = new LinkedHashMap<>();
        for (String part : text.split(";")) {
            String[] sides = part.split("=", 2);
            parts.put(sides[0], sides[1]);
        }
        return new Skips(
                split(parts.get("layers")).stream().map(Integer::valueOf).toList(),
                new Effort.Skipping(
                        Double.parseDouble(parts.getOrDefault("threshold", "")),
                        Integer.parseInt(parts.getOrDefault("count", "")),
                        Boolean.parseBoolean(parts.getOrDefault("rearm", ""))),
                Integer.parseInt(parts.getOrDefault("warm-up", "")));
    }

    private static List<String> split(@Nullable String text) {
        return text == null || text.isEmpty() ? List.of() : Arrays.asList(text.split(","));
    }

    private static String joined(List<?> items) {
        return items.stream().map(Object::toString).collect(Collectors.joining(","));
    }
}
