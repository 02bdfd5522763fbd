package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Matrices of one feed-forward that read the same value, and so share an inner factor.
 *
 * @param subLayer the feed-forward
 * @param products with the matrices, one or more
 */
record LowRankGroup(SubLayerName subLayer, List<Linear> products) {
    /**
     * Finds them, feed-forward by feed-forward.
     *
     * @param dense leading layers that are left out
     * @throws PassException that names the sub-layer that has none
     */
    static List<LowRankGroup> of(OnnxModel graph, int dense) {
        List<LowRankGroup> groups = new ArrayList<>();
        List<Layer> layers = Anatomy.of(graph).layers();
        for (Layer layer : layers) {
            SubLayer feedForward = layer.feedForward().orElse(null);
            if (feedForward == null || layer.index() < dense) {
                continue;
            }
            SubLayerName name = new SubLayerName(SubLayer.Kind.FEED_FORWARD, layer.index());
            if (!graph.nodes().contains(feedForward.residualAdd())) {
                throw new PassException(
                        "%s: low-rank: %s: expected it in the graph itself, found it in a branch of an If, as in a merged export; export the decoder with past alone"
                                .formatted(graph.name(), name));
            }
            Map<String, List<Linear>> byInput = new LinkedHashMap<>();
            for (NodeProto node : feedForward.nodes()) {
                Linear product = Linear.of(node, graph.initializers());
                if (product != null) {
                    byInput.computeIfAbsent(node.getInput(0), input -> new ArrayList<>())
                            .add(product);
                }
            }
            if (byInput.isEmpty()) {
                throw new PassException(
                        "%s: low-rank: %s: expected products with matrices of 32-bit floats, found none; apply the pass before quantisation and gates, to a model of fp32 weights"
                                .formatted(graph.name(), name));
            }
            byInput.values().forEach(products -> groups.add(new LowRankGroup(name, products)));
        }
        if (groups.isEmpty()) {
            throw new PassException(
                    "%s: low-rank: expected feed-forwards behind the first %d layers, found %d layers"
                            .formatted(graph.name(), dense, layers.size()));
        }
        return groups;
    }

    String input() {
        return products.get(0).node().getInput(0);
    }

    int in() {
        return products.get(0).in();
    }

    int out() {
        return products.stream().mapToInt(Linear::out).sum();
    }

    /** Returns the matrices under each other, {@code [out, in]}, row-major. */
    float[] matrix(OnnxModel graph) {
        float[] stacked = new float[in() * out()];
        int from = 0;
        for (Linear product : products) {
            float[] own = product.matrix(graph.initializers());
            System.arraycopy(own, 0, stacked, from, own.length);
            from += own.length;
        }
        return stacked;
    }
}
