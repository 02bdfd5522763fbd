package dev.slipstream.pass;

import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Shows in text which sub-layers of a model go, in which order, and what that saves. */
final class RemovalPicture {
    private final OnnxModel original;
    private final Anatomy before;
    private final List<SubLayerName> order;

    /**
     * Constructs the picture.
     *
     * @param original with all sub-layers
     * @param order what goes, the first first
     */
    RemovalPicture(OnnxModel original, List<SubLayerName> order) {
        this.original = original;
        this.before = Anatomy.of(original);
        this.order = List.copyOf(order);
    }

    /** Returns a row for each layer, and what is saved. */
    List<String> lines(OnnxModel rewritten) {
        List<String> lines = new ArrayList<>();
        lines.add("layer  attention   feed-forward   (the number is the step of the removal)");
        for (Layer layer : before.layers()) {
            lines.add(
                    "%5d  %-11s %s"
                            .formatted(
                                    layer.index(),
                                    cell(layer, SubLayer.Kind.ATTENTION),
                                    cell(layer, SubLayer.Kind.FEED_FORWARD)));
        }
        Anatomy after = Anatomy.of(rewritten);
        lines.add(
                "weights: %,d of %,d values stay (%.1f %% of the bytes)"
                        .formatted(
                                after.parameters(),
                                before.parameters(),
                                100.0 * after.bytes() / before.bytes()));
        lines.add(
                "states handed from run to run: %d of %d stay"
                        .formatted(states(rewritten), states(original)));
        return lines;
    }

    private String cell(Layer layer, SubLayer.Kind kind) {
        int step = order.indexOf(new SubLayerName(kind, layer.index()));
        if (step >= 0) {
            return String.format(Locale.ROOT, "%2d .......", step + 1);
        }
        boolean exists =
                (kind == SubLayer.Kind.ATTENTION ? layer.attention() : layer.feedForward())
                        .isPresent();
        return exists ? "   #######" : "   -";
    }

    /** Returns what is saved, for programs. */
    Map<String, Object> savings(OnnxModel rewritten) {
        Anatomy after = Anatomy.of(rewritten);
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("parameters before", before.parameters());
        facts.put("parameters after", after.parameters());
        facts.put("bytes before", before.bytes());
        facts.put("bytes after", after.bytes());
        facts.put("states before", states(original));
        facts.put("states after", states(rewritten));
        return facts;
    }

    private static long states(OnnxModel graph) {
        return graph.inputs().stream().filter(input -> CachedLayers.past(input.getName())).count();
    }
}
