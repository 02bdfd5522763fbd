package dev.slipstream.pass;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayerName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Takes named sub-layers out of a model: for who knows already which ones, such as from a report of
 * {@link FinerCutPass}.
 *
 * @param spec name and parameters
 * @param names one or more
 */
record RemovePass(PassSpec spec, List<SubLayerName> names) implements Pass {
    RemovePass {
        names = List.copyOf(new TreeSet<>(names));
    }

    @Override
    public Rewritten apply(
            OnnxModel graph, @Nullable Calibration calibration, PassProgress progress) {
        OnnxModel rewritten = Removal.of(graph, names);
        RemovalPicture picture = new RemovalPicture(graph, names);
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("removed", names.stream().map(SubLayerName::toString).toList());
        facts.putAll(picture.savings(rewritten));
        return new Rewritten(rewritten, new PassReport(spec, picture.lines(rewritten), facts));
    }
}
