package dev.slipstream.runtime;

import dev.slipstream.graph.OnnxModel;

/** The form of a graph where there are no native operators. */
public final class PortableForm {
    private PortableForm() {}

    /** Returns the form; opened beside the native operators it stays as it is. */
    public static OnnxModel of(OnnxModel graph, RuntimeOptions options) {
        return RunnableGraph.portably(graph, "", options).graph();
    }
}
