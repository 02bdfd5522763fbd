package dev.slipstream.pass;

import dev.slipstream.graph.OnnxModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Passes one after the other. What was applied is noted in the model's metadata, {@value #NOTE}, so
 * that nothing is applied twice.
 *
 * @param passes in their order
 */
public record Pipeline(List<Pass> passes) {
    /** Metadata property that lists the applied passes, separated by semicolons. */
    public static final String NOTE = "slipstream.passes";

    /** Copies the list. */
    public Pipeline {
        passes = List.copyOf(passes);
    }

    /**
     * What became of a model.
     *
     * @param graph the last pass's, without what nothing needs any more
     * @param reports one of each pass
     */
    public record Result(OnnxModel graph, List<PassReport> reports) {
        /** Copies the list. */
        public Result {
            reports = List.copyOf(reports);
        }
    }

    /**
     * Applies the passes.
     *
     * @param graph not changed
     * @param calibration text for those that look at one; null if there is none
     * @param progress hears of each pass before it begins, and how far it is
     * @throws PassException if a pass cannot be applied, or was applied to this model before
     */
    public Result apply(
            OnnxModel graph, @Nullable Calibration calibration, PipelineProgress progress) {
        OnnxModel current = graph;
        List<PassReport> reports = new ArrayList<>();
        for (Pass pass : passes) {
            progress.begins(pass);
            Rewritten rewritten = apply(pass, current, calibration, progress);
            current = rewritten.graph().copy();
            current.removeUnused();
            note(pass.spec(), current);
            current.validate();
            reports.add(rewritten.report());
        }
        return new Result(current, reports);
    }

    private static Rewritten apply(
            Pass pass,
            OnnxModel graph,
            @Nullable Calibration calibration,
            PipelineProgress progress) {
        try {
            requireNew(pass.spec(), graph);
            return pass.apply(graph, calibration, progress::step);
        } catch (PassException e) {
            throw e.in(pass.spec().name());
        }
    }

    /** Returns the passes that were applied to a model, as their text forms. */
    public static List<String> applied(OnnxModel graph) {
        return applied(graph.metadata());
    }

    /** Returns the passes that a model's metadata say were applied to it, as their text forms. */
    public static List<String> applied(Map<String, String> metadata) {
        String note = metadata.get(NOTE);
        return note == null ? List.of() : List.of(note.split(";"));
    }

    private static void requireNew(PassSpec spec, OnnxModel graph) {
        for (String applied : applied(graph)) {
            if (PassSpec.parse(applied).name().equals(spec.name())) {
                throw new PassException(
                        "%s: expected a model without the pass %s, found one that it was applied to already, as %s; begin with the original model"
                                .formatted(graph.name(), spec.name(), applied));
            }
        }
    }

    private static void note(PassSpec spec, OnnxModel graph) {
        graph.metadata().merge(NOTE, spec.toString(), (before, own) -> before + ";" + own);
    }
}
