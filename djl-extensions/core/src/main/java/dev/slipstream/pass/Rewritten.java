package dev.slipstream.pass;

import dev.slipstream.graph.OnnxModel;

/**
 * What a pass returns.
 *
 * @param graph the new graph
 * @param report what was done and what it was decided by
 */
public record Rewritten(OnnxModel graph, PassReport report) {}
