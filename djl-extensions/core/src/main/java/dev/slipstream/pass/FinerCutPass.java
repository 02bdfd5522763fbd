package dev.slipstream.pass;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayerName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Removes the sub-layers whose loss changes a model's output least: fewer weights, less time a
 * token and, for each attention, less memory for keys and values. See {@link FinerCut}.
 *
 * @param spec name and parameters
 * @param rule how to choose
 * @param budget how many
 */
record FinerCutPass(PassSpec spec, RemovalRule rule, Budget budget) implements Pass {
    /** How many sub-layers go. */
    sealed interface Budget {
        /** A share of all attentions and feed-forwards, rounded down. */
        record Share(double value) implements Budget {}

        /** A number of them. */
        record Count(int value) implements Budget {}
    }

    @Override
    public Rewritten apply(
            OnnxModel graph, @Nullable Calibration calibration, PassProgress progress) {
        FinerCut cut = new FinerCut(graph, rule);
        SubLayerRanking ranking = cut.rank(calibration, count(cut, graph), progress);
        List<SubLayerName> names = ranking.names();
        OnnxModel rewritten = Removal.of(graph, names);
        RemovalPicture picture = new RemovalPicture(graph, names);
        List<String> lines = new ArrayList<>(ranking.lines());
        lines.addAll(picture.lines(rewritten));
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("order", ranking.facts());
        facts.put("scores", ranking.scores());
        facts.put("sub-layers", cut.subLayers().size());
        if (!cut.front().isEmpty()) {
            lines.add("protected at first: layers " + cut.front());
            facts.put("protected layers", List.copyOf(cut.front()));
        }
        cut.refused().forEach((name, reason) -> lines.add("%s stays: %s".formatted(name, reason)));
        if (calibration != null) {
            facts.put("calibration tokens", calibration.tokens());
        }
        facts.putAll(picture.savings(rewritten));
        return new Rewritten(rewritten, new PassReport(spec, lines, facts));
    }

    private int count(FinerCut cut, OnnxModel graph) {
        if (budget instanceof Budget.Count count) {
            return count.value();
        }
        double share = ((Budget.Share) budget).value();
        int all = cut.subLayers().size();
        int count = RemovalCandidates.whole(share * all);
        if (count < 1) {
            throw new PassException(
                    "%s: expected a share of which at least one of its %d sub-layers comes out, found %s; give %.3f or more, or count=1"
                            .formatted(graph.name(), all, share, Math.ceil(1000.0 / all) / 1000));
        }
        return count;
    }
}
