package dev.slipstream.pass;

import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which sub-layers of a model may go next. */
final class RemovalCandidates {
    private final OnnxModel graph;
    private final List<Integer> layers;
    private final SortedSet<SubLayerName> all;
    private final SortedSet<SubLayerName> removable = new TreeSet<>();
    private final SortedMap<SubLayerName, String> refused = new TreeMap<>();
    private final boolean keepsAttention;
    private final Set<Integer> front;
    private final int protectedUntil;

    /**
     * Tries for each sub-layer whether it can be removed.
     *
     * @throws PassException if none can
     */
    RemovalCandidates(OnnxModel graph, RemovalRule rule) {
        this.graph = graph;
        this.layers = Anatomy.of(graph).layers().stream().map(Layer::index).toList();
        this.all = Removal.named(graph);
        this.keepsAttention =
                graph.inputs().stream().anyMatch(input -> CachedLayers.past(input.getName()));
        for (SubLayerName name : all) {
            if (rule.kinds().contains(name.kind())) {
                try {
                    Removal.of(graph, List.of(name));
                    removable.add(name);
                } catch (PassException e) {
                    refused.put(name, e.getMessage());
                }
            }
        }
        if (removable.isEmpty()) {
            throw new PassException(
                    "%s: expected sub-layers of the kinds %s that can be removed, found none: %s"
                            .formatted(graph.name(), rule.kinds(), reasons()));
        }
        double share = rule.order().protectsFront() ? rule.protectFront() : 0;
        this.front = new HashSet<>(layers.subList(0, frontLayers(layers.size(), share)));
        this.protectedUntil = protectedUntil(layers.size(), share);
    }

    /** The published code's {@code int(2N x / 2) + 1}. */
    static int frontLayers(int layers, double share) {
        return share == 0 ? 0 : Math.min(layers, whole(layers * share) + 1);
    }

    /** The published code's {@code int(2N x) + 1}: so many removed, and the front joins again. */
    static int protectedUntil(int layers, double share) {
        return share == 0 ? 0 : whole(2 * layers * share) + 1;
    }

    /** So that 0.29 of 100 is 29, though the product in floating point is a little less. */
    static int whole(double product) {
        return (int) Math.floor(product + 1e-9);
    }

    private String reasons() {
        Map<Integer, String> unreadable = Anatomy.of(graph).unreadable();
        return !refused.isEmpty()
                ? refused.values().iterator().next()
                : unreadable.isEmpty()
                        ? "no layer of attention and feed-forward was recognised"
                        : "layers " + unreadable;
    }

    /** Returns all attentions and feed-forwards of the model. */
    SortedSet<SubLayerName> all() {
        return all;
    }

    /** Returns those of them that the rule lets go and that can be removed. */
    SortedSet<SubLayerName> removable() {
        return removable;
    }

    /** Returns why others cannot be removed. */
    SortedMap<SubLayerName, String> refused() {
        return refused;
    }

    /** Returns the layers that are protected at first. */
    Set<Integer> front() {
        return front;
    }

    /** Checks that so many can go. */
    void requireEnough(int count) {
        long attentions = attentions(all);
        long losable =
                keepsAttention
                        ? Math.min(attentions(removable), attentions - 1)
                        : attentions(removable);
        long most = removable.size() - attentions(removable) + losable;
        if (count < 1 || count > most) {
            throw new PassException(
                    "%s: expected 1 to %d sub-layers to remove, found %d; of its %d sub-layers the rule lets %d go%s%s"
                            .formatted(
                                    graph.name(),
                                    most,
                                    count,
                                    all.size(),
                                    removable.size(),
                                    keepsAttention ? ", and a decoder needs one attention" : "",
                                    refused.isEmpty() ? "" : "; refused: " + refused.values()));
        }
    }

    /**
     * Returns those that may go next, in their order: not the front while it is protected, not the
     * last attention of a decoder.
     *
     * @param removed what is gone
     */
    List<SubLayerName> next(Collection<SubLayerName> removed) {
        boolean lastAttention = keepsAttention && attentions(all) - attentions(removed) == 1;
        List<SubLayerName> behind = new ArrayList<>();
        List<SubLayerName> everywhere = new ArrayList<>();
        for (SubLayerName name : removable) {
            boolean needed = lastAttention && name.kind() == SubLayer.Kind.ATTENTION;
            if (!removed.contains(name) && !needed) {
                everywhere.add(name);
                if (!front.contains(name.layer())) {
                    behind.add(name);
                }
            }
        }
        return removed.size() >= protectedUntil || behind.isEmpty() ? everywhere : behind;
    }

    private static long attentions(Collection<SubLayerName> names) {
        return names.stream().filter(name -> name.kind() == SubLayer.Kind.ATTENTION).count();
    }
}
