package dev.slipstream.pass;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayerName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * Ranks a model's attentions and feed-forwards by how little the output changes without them, so
 * that a model without training loses the least for the time and memory that it saves (Zhang and
 * others, FinerCut: A Finer-grained Pruning of Pretrained Language Models, 2024).
 *
 * <p>Forward runs alone: for each removal one over the calibration text for each candidate.
 */
public final class FinerCut {
    private final OnnxModel graph;
    private final RemovalRule rule;
    private final RemovalCandidates candidates;

    /**
     * Constructs a ranking of one model.
     *
     * @param graph a decoder or an encoder; not changed
     * @param rule how to choose
     * @throws PassException if no sub-layer can be removed, with the reason
     */
    public FinerCut(OnnxModel graph, RemovalRule rule) {
        this.graph = graph;
        this.rule = rule;
        this.candidates = new RemovalCandidates(graph, rule);
    }

    /** Returns all attentions and feed-forwards of the model, of which shares are counted. */
    public SortedSet<SubLayerName> subLayers() {
        return candidates.all();
    }

    /** Returns why some cannot be removed. */
    public SortedMap<SubLayerName, String> refused() {
        return candidates.refused();
    }

    /** Returns the layers that are out of the choice at first. */
    Set<Integer> front() {
        return candidates.front();
    }

    /**
     * Ranks.
     *
     * @param calibration text; null where the order needs none
     * @param count how many to choose; {@link RemovalOrder#SIMILARITY} rounds to whole layers
     * @throws PassException if so many cannot go, or there is no text
     */
    public SubLayerRanking rank(@Nullable Calibration calibration, int count) {
        return rank(calibration, count, PassProgress.NONE);
    }

    /**
     * Ranks, and says how far it is.
     *
     * @param progress hears of the runs over the calibration text
     * @see #rank(Calibration, int)
     */
    SubLayerRanking rank(@Nullable Calibration calibration, int count, PassProgress progress) {
        candidates.requireEnough(count);
        if (!rule.order().reads()) {
            return unread(count);
        }
        if (calibration == null) {
            throw new PassException(
                    "%s: expected a calibration text for the order %s, found none; give a text like those that the model is for, not the one that it will be judged by"
                            .formatted(
                                    graph.name(),
                                    rule.order()
                                            .name()
                                            .toLowerCase(Locale.ROOT)
                                            .replace('_', '-')));
        }
        return rule.order() == RemovalOrder.SIMILARITY
                ? similar(calibration, count)
                : read(calibration, count, progress);
    }

    private SubLayerRanking read(Calibration calibration, int count, PassProgress progress) {
        ComparedOutput output = ComparedOutput.of(graph, rule.pooling());
        OutputDistance distance =
                rule.distance() == null ? output.usualDistance() : rule.distance();
        output.requireComparable(distance);
        SortedSet<SubLayerName> removable = candidates.removable();
        StepCount runs =
                new StepCount(
                        progress, calibration.sequences().size() * tried(removable.size(), count));
        try (DistanceMeter meter =
                new DistanceMeter(graph, removable, calibration, output, distance, runs)) {
            if (rule.order() == RemovalOrder.GREEDY) {
                SubLayerRanking ranking =
                        ranking(
                                count,
                                "distance from the original (%s)".formatted(distance),
                                (removed, next) -> meter.distances(with(removed, next)));
                runs.finish();
                return ranking;
            }
            Map<SubLayerName, Double> alone = new HashMap<>();
            List<SubLayerName> names = List.copyOf(removable);
            double[] distances = meter.distances(with(Set.of(), names));
            for (int i = 0; i < distances.length; i++) {
                alone.put(names.get(i), distances[i]);
            }
            return ranking(
                    count,
                    "distance from the original where it alone is gone (%s)".formatted(distance),
                    (removed, next) -> next.stream().mapToDouble(alone::get).toArray());
        }
    }

    private SubLayerRanking unread(int count) {
        List<SubLayerName> order = new ArrayList<>(candidates.removable());
        Collections.reverse(order);
        if (rule.order() == RemovalOrder.RANDOM) {
            Collections.shuffle(order, new Random(rule.seed()));
        }
        SubLayerRanking ranking =
                ranking(
                        count,
                        "",
                        (removed, next) -> next.stream().mapToDouble(order::indexOf).toArray());
        return new SubLayerRanking(
                rule.order(),
                rule.order() == RemovalOrder.RANDOM
                        ? "drawn with seed " + rule.seed()
                        : "from the end",
                ranking.names().stream()
                        .map(name -> new SubLayerRanking.Step(name, null))
                        .toList());
    }

    /** Of a protected front fewer are tried at first: an upper bound. */
    private int tried(int removable, int count) {
        int greedy = count * removable - count * (count - 1) / 2;
        return Math.max(1, rule.order() == RemovalOrder.GREEDY ? greedy : removable);
    }

    private interface Scores {
        double[] of(Set<SubLayerName> removed, List<SubLayerName> next);
    }

    private SubLayerRanking ranking(int count, String what, Scores scores) {
        Set<SubLayerName> removed = new LinkedHashSet<>();
        List<SubLayerRanking.Step> steps = new ArrayList<>();
        while (removed.size() < count) {
            List<SubLayerName> next = candidates.next(removed);
            double[] values = scores.of(removed, next);
            int best = 0;
            for (int i = 1; i < values.length; i++) {
                best = values[i] < values[best] ? i : best;
            }
            removed.add(next.get(best));
            steps.add(new SubLayerRanking.Step(next.get(best), values[best]));
        }
        return new SubLayerRanking(rule.order(), what, steps);
    }

    private static List<Set<SubLayerName>> with(
            Set<SubLayerName> removed, List<SubLayerName> next) {
        List<Set<SubLayerName>> sets = new ArrayList<>();
        for (SubLayerName name : next) {
            Set<SubLayerName> more = new LinkedHashSet<>(removed);
            more.add(name);
            sets.add(more);
        }
        return sets;
    }

    /** Whole layers, the least influential first. */
    private SubLayerRanking similar(Calibration calibration, int count) {
        int layers = Math.max(1, Math.round(count / 2f));
        List<Map.Entry<Integer, Double>> order =
                new ArrayList<>(LayerSimilarity.influences(graph, calibration).entrySet());
        order.sort(Map.Entry.comparingByValue());
        Set<SubLayerName> removed = new LinkedHashSet<>();
        List<SubLayerRanking.Step> steps = new ArrayList<>();
        for (Map.Entry<Integer, Double> layer : order) {
            List<SubLayerName> next = new ArrayList<>(candidates.next(removed));
            next.removeIf(name -> name.layer() != layer.getKey());
            boolean whole = next.size() == ofLayer(layer.getKey());
            if (layers > 0 && whole) {
                layers--;
                removed.addAll(next);
                next.forEach(name -> steps.add(new SubLayerRanking.Step(name, layer.getValue())));
            }
        }
        if (layers > 0) {
            throw new PassException(
                    "%s: expected %d more whole layers that can be removed, found none; remove fewer"
                            .formatted(graph.name(), layers));
        }
        return new SubLayerRanking(
                rule.order(),
                "1 - cosine of the hidden states before and behind the layer; %d sub-layers asked for, %d in whole layers"
                        .formatted(count, removed.size()),
                steps);
    }

    private int ofLayer(int layer) {
        return (int) candidates.all().stream().filter(name -> name.layer() == layer).count();
    }
}
