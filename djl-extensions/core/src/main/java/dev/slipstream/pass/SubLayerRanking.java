package dev.slipstream.pass;

import dev.slipstream.graph.SubLayerName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * In which order sub-layers go. The first so many of it are what is removed.
 *
 * @param order by what it was chosen
 * @param scores what the scores are, for people
 * @param steps the removals, the first first
 */
public record SubLayerRanking(RemovalOrder order, String scores, List<Step> steps) {
    /** Copies the list. */
    public SubLayerRanking {
        steps = List.copyOf(steps);
    }

    /**
     * One removal.
     *
     * @param name what goes
     * @param score distance from the original once it is gone, or what else the order is made by;
     *     null if the order is not made by scores
     */
    public record Step(SubLayerName name, @Nullable Double score) {}

    /** Returns the sub-layers in their order. */
    public List<SubLayerName> names() {
        return steps.stream().map(Step::name).toList();
    }

    /** Returns the first sub-layers of the order. */
    public List<SubLayerName> first(int count) {
        return names().subList(0, count);
    }

    /** Returns a line for each step. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("step  sub-layer          " + scores);
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            lines.add(
                    String.format(
                                    Locale.ROOT,
                                    "%4d  %-17s  %s",
                                    i + 1,
                                    step.name(),
                                    step.score() == null
                                            ? ""
                                            : String.format(Locale.ROOT, "%.6g", step.score()))
                            .stripTrailing());
        }
        return lines;
    }

    /** Returns a map for each step. */
    public List<Map<String, Object>> facts() {
        List<Map<String, Object>> facts = new ArrayList<>();
        for (Step step : steps) {
            Map<String, Object> fact = new LinkedHashMap<>();
            fact.put("sub-layer", step.name().toString());
            if (step.score() != null) {
                fact.put("score", step.score());
            }
            facts.add(fact);
        }
        return facts;
    }
}
