package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import java.util.List;

/**
 * Writes sub-layers of which a draft computes a part or nothing: what it leaves out stands in the
 * branch of an {@code If} on the input {@code draft}, a scalar, with the whole graph's own weights.
 * Measured on a 135M model, 30 gates cost 2 to 4 % of a step, and save all that they skip.
 */
final class DraftGates {
    private final DecoderConfig config;
    private final SelfDraftShape shape;
    private final Projections projections;
    private final GraphBuilder graph;
    private final SubLayers always;

    DraftGates(
            DecoderConfig config,
            SelfDraftShape shape,
            Projections projections,
            GraphBuilder graph) {
        this.config = config;
        this.shape = shape;
        this.projections = projections;
        this.graph = graph;
        this.always = new SubLayers(config, projections, graph);
    }

    /** Writes an attention; its keys and values are outputs of the graph. */
    String attention(String x, int layer) {
        String present = "present." + layer;
        if (shape.attention(layer) == SelfDraftShape.Attention.COMPUTED) {
            return always.attention(x, layer, present).out();
        }
        String values = "layers." + layer + ".attention.";
        GraphBuilder skipped = graph.subgraph(values + "skipped");
        output(skipped, zerosLike(skipped, x, values));
        for (String side : List.of("key", "value")) {
            // Past and present are one buffer: the node finds its work done.
            String past = "past_key_values." + layer + "." + side;
            keyOrValue(
                    skipped, skipped.node("Identity", past).output(values + "unchanged." + side));
        }
        GraphBuilder computed = graph.subgraph(values + "computed");
        SubLayers.Attention attention =
                new SubLayers(config, projections.into(computed), computed)
                        .attention(x, layer, values + "present");
        output(computed, attention.out());
        keyOrValue(computed, attention.key());
        keyOrValue(computed, attention.value());
        return choose(skipped, computed, values + "chosen", present + ".key", present + ".value");
    }

    /** Writes a feed-forward. */
    String feedForward(String x, int layer) {
        String weights = "model.layers." + layer + ".mlp.";
        String values = "layers." + layer + ".feed_forward.";
        int width = shape.feedForwardWidth(layer, config);
        if (width == config.intermediateSize()) {
            return always.feedForward(x, weights, values);
        }
        GraphBuilder left = graph.subgraph(values + "skipped");
        GraphBuilder computed = graph.subgraph(values + "computed");
        SubLayers inside = new SubLayers(config, projections.into(computed), computed);
        if (width == 0) {
            output(left, zerosLike(left, x, values));
            output(computed, inside.feedForward(x, weights, values));
        } else {
            // The first neurons' part of the sum is not what the rest is added to: another order of
            // additions would be another model, one whose texts drift from those without drafts.
            String first = always.neurons(x, weights + "draft.", values + "draft.");
            output(
                    left,
                    projections
                            .into(left)
                            .project(first, weights + "draft.down_proj", values + "draft.out"));
            String rest = inside.neurons(x, weights + "rest.", values + "rest.");
            String all =
                    computed.node("Concat", first, rest)
                            .attribute("axis", -1)
                            .output(values + "neurons");
            output(
                    computed,
                    projections
                            .into(computed)
                            .project(all, weights + "down_proj", values + "whole.out"));
        }
        return choose(left, computed, values + "chosen");
    }

    private String choose(GraphBuilder left, GraphBuilder computed, String... names) {
        return graph.node("If", "draft")
                .attribute("then_branch", left.graph())
                .attribute("else_branch", computed.graph())
                .outputs(names)
                .get(0);
    }

    private static String zerosLike(GraphBuilder branch, String x, String values) {
        String size = branch.node("Shape", x).output(values + "size");
        return branch.node("ConstantOfShape", size).output(values + "nothing");
    }

    private void output(GraphBuilder branch, String value) {
        branch.output(value, ElementType.FLOAT, "batch", "sequence", config.hiddenSize());
    }

    private void keyOrValue(GraphBuilder branch, String value) {
        branch.output(value, ElementType.FLOAT, DecoderGraphs.keyValueShape(config));
    }
}
