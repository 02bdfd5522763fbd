package dev.slipstream.pass;

import dev.slipstream.graph.OnnxModel;
import org.jspecify.annotations.Nullable;

/**
 * A rewrite of a model's graph: a pure function of the graph, of its own parameters and of the
 * calibration text. The graph that goes in stays as it is; the weights that did not change are
 * shared.
 */
public interface Pass {
    /** Returns the name and the parameters, from which a {@link PassFactory} makes it again. */
    PassSpec spec();

    /**
     * Rewrites a graph.
     *
     * @param graph any valid model; not changed
     * @param calibration text that the pass may look at while it decides; null if there is none
     * @param progress hears of work that may take long
     * @return another graph, and what was done
     * @throws PassException if the pass cannot do what it is asked for: which layer or tensor, what
     *     was expected, what was found
     */
    Rewritten apply(OnnxModel graph, @Nullable Calibration calibration, PassProgress progress);

    /** Rewrites a graph in silence. */
    default Rewritten apply(OnnxModel graph, @Nullable Calibration calibration) {
        return apply(graph, calibration, PassProgress.NONE);
    }
}
