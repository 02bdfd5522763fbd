package dev.slipstream.runtime;

import dev.slipstream.graph.OnnxModel;

/**
 * A graph in the form that a session runs.
 *
 * @param graph with what the operators of the machine do
 * @param operators marks of what native operators do beside attention
 */
record RunnableGraph(OnnxModel graph, String operators) {
    /**
     * Brings a graph into the form that has native operators where they can do what it asks for.
     *
     * @param model not changed
     * @param contextLength the most tokens of a sequence
     * @param options how many sequences share a run, and for how many rows attention is kept
     */
    static RunnableGraph natively(OnnxModel model, int contextLength, RuntimeOptions options) {
        OnnxModel skipping = SkipOperators.of(model);
        OnnxModel ragged = RaggedAttention.of(skipping, contextLength, options);
        RunnableGraph attending =
                ragged != null ? new RunnableGraph(ragged, "") : portably(skipping, "", options);
        OnnxModel graph = NativeProducts.of(attending.graph());
        String marks =
                attending.operators() + (skipping == model ? "" : "+" + SkipOperators.VERSION);
        return new RunnableGraph(
                graph, graph == attending.graph() ? marks : marks + "+" + NativeProducts.VERSION);
    }

    /**
     * Brings a graph into the form that every ONNX Runtime can run.
     *
     * @param mark of what computes beside it
     * @param options for how many rows attention is kept
     */
    static RunnableGraph portably(OnnxModel model, String mark, RuntimeOptions options) {
        OnnxModel blocks = PortableBlocks.of(model, options.keptContextRows());
        return blocks != null
                ? new RunnableGraph(blocks, mark + "+" + PortableBlocks.VERSION)
                : new RunnableGraph(PairedRows.of(model), mark);
    }
}
