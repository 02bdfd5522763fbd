package dev.slipstream.pass;

import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The parts of a model that get one precision each: {@code attention.N} and {@code feed-forward.N},
 * {@code embedding} (a head tied to it included) and {@code head}, which stands for everything
 * else.
 */
final class MatrixParts {
    static final String EMBEDDING = "embedding";
    static final String HEAD = "head";

    private MatrixParts() {}

    /**
     * Returns the matrices of each part: embedding, sub-layers in the order of the stream, head.
     */
    static Map<String, List<FloatMatrix>> of(OnnxModel graph, Collection<FloatMatrix> matrices) {
        Map<String, String> owners = new HashMap<>();
        Map<String, List<FloatMatrix>> parts = new LinkedHashMap<>();
        parts.put(EMBEDDING, new ArrayList<>());
        for (Layer layer : Anatomy.of(graph).layers()) {
            for (SubLayer subLayer : layer.subLayers()) {
                if (subLayer.kind() != SubLayer.Kind.OTHER) {
                    String name = new SubLayerName(subLayer.kind(), layer.index()).toString();
                    parts.put(name, new ArrayList<>());
                    subLayer.weights().forEach(weight -> owners.putIfAbsent(weight, name));
                }
            }
        }
        parts.put(HEAD, new ArrayList<>());
        for (FloatMatrix matrix : matrices) {
            String part =
                    matrix.lookedUp() ? EMBEDDING : owners.getOrDefault(matrix.weight(), HEAD);
            parts.get(part).add(matrix);
        }
        parts.values().removeIf(List::isEmpty);
        return parts;
    }

    /** Returns the number of weights of a part. */
    static long size(List<FloatMatrix> part) {
        return part.stream().mapToLong(FloatMatrix::size).sum();
    }
}
