package dev.slipstream.pass;

import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GateNotes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Puts sub-layers behind switches, so that each run says which are computed: several depths of one
 * model in one set of weights. The switches are the elements of the input {@link Effort#GATES}; a
 * sub-layer that is off adds nothing to the residual stream, and with all on every bit is as
 * without switches. An attention that is off leaves its tokens' keys and values unwritten.
 *
 * @param subLayers which, each once; the order of the input's elements
 */
public record SwitchPass(List<SubLayerName> subLayers) implements Pass {
    static final String NAME = "switch";

    /** Copies and checks the list. */
    public SwitchPass {
        subLayers = List.copyOf(subLayers);
        if (subLayers.isEmpty() || subLayers.stream().distinct().count() != subLayers.size()) {
            throw new PassException(
                    "pass %s: sub-layers: expected one or more such as feed-forward.3, each once, found %s"
                            .formatted(NAME, subLayers));
        }
    }

    @Override
    public PassSpec spec() {
        return new PassSpec(
                NAME,
                Map.of(
                        "sub-layers",
                        subLayers.stream()
                                .map(SubLayerName::toString)
                                .collect(Collectors.joining(","))));
    }

    @Override
    public Rewritten apply(
            OnnxModel graph, @Nullable Calibration calibration, PassProgress progress) {
        if (!GateNotes.read(graph.metadata()).switched().isEmpty()) {
            throw new PassException(
                    "%s: expected a model without switches, found %s; begin with the original model"
                            .formatted(graph.name(), GateNotes.read(graph.metadata()).switched()));
        }
        OnnxModel gated = graph.copy();
        Anatomy anatomy = Anatomy.of(graph);
        List<Gate> gates = new ArrayList<>();
        for (SubLayerName name : subLayers) {
            gates.add(Gate.of(gated, name, Removal.subLayer(anatomy, name, graph)));
        }
        GraphBuilder builder = new GraphBuilder(gated);
        builder.input(Effort.GATES, ElementType.BOOL, subLayers.size());
        for (int i = 0; i < gates.size(); i++) {
            String index = "gates.index." + i;
            builder.initializer(index, Whole.scalar(i));
            String on = builder.node("Gather", Effort.GATES, index).output("gates." + i);
            gates.get(i).close(on);
        }
        new GateNotes(subLayers, List.of(), null).write(gated);
        return new Rewritten(
                gated,
                new PassReport(
                        spec(),
                        List.of("switches, in the order of the input: " + subLayers),
                        Map.of(
                                "subLayers",
                                subLayers.stream().map(SubLayerName::toString).toList())));
    }
}
