package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.GraphProbe;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * What goes into products on the calibration text, as {@code XᵀX}: a product's squared output error
 * is {@code eᵀ(XᵀX)e} for each row {@code e} of the error of its weights.
 *
 * <p>Summed in doubles: a few features of language models are thousands of times larger than the
 * rest, and rounded sums of their squares need not be a positive matrix any more.
 */
final class SecondMoments {
    /** Moments held at once: 128 MiB, but for a single value of more than 4,096 features. */
    private static final long MOST = 16L << 20;

    private final OnnxModel graph;
    private final Calibration calibration;
    private final Set<String> visible = new HashSet<>();

    SecondMoments(OnnxModel graph, Calibration calibration) {
        this.graph = graph;
        this.calibration = calibration;
        for (NodeProto node : graph.nodes()) {
            visible.addAll(node.getOutputList());
        }
    }

    /** Tells whether a value can be seen: one that only a branch knows cannot. */
    boolean visible(String value) {
        return visible.contains(value);
    }

    /**
     * Measures, a few values at a time, so that not all moments are in memory at once.
     *
     * @param widths features of each value, which is {@link #visible}
     * @param reader takes a value's name and its moments, {@code [in, in]}
     * @throws PassException that names the value if it is not of finite numbers
     */
    void measure(Map<String, Integer> widths, BiConsumer<String, double[]> reader) {
        Map<String, double[]> group = new LinkedHashMap<>();
        long held = 0;
        for (Map.Entry<String, Integer> value : new TreeMap<>(widths).entrySet()) {
            long size = (long) value.getValue() * value.getValue();
            if (held + size > MOST && !group.isEmpty()) {
                fill(group);
                group.forEach(reader);
                group.clear();
                held = 0;
            }
            group.put(value.getKey(), new double[Math.toIntExact(size)]);
            held += size;
        }
        if (!group.isEmpty()) {
            fill(group);
            group.forEach(reader);
        }
    }

    private void fill(Map<String, double[]> moments) {
        List<String> values = new ArrayList<>(moments.keySet());
        try (GraphProbe probe = GraphProbe.open(graph, values, calibration.runtime())) {
            for (int[] sequence : calibration.sequences()) {
                probe.run(
                        sequence,
                        Map.of(),
                        shown -> {
                            moments.forEach(
                                    (name, moment) -> add(shown.get(name).floats(), moment));
                            return moments;
                        });
            }
        }
        moments.forEach(this::requireFinite);
        moments.values().forEach(SecondMoments::mirror);
    }

    private void requireFinite(String value, double[] moments) {
        int in = width(moments);
        for (int i = 0; i < in; i++) {
            if (!Double.isFinite(moments[i * in + i])) {
                throw new PassException(
                        "%s: value %s, feature %d: expected finite numbers on the calibration text, found others; check that the model's weights are whole and that it can read this text"
                                .formatted(graph.name(), value, i));
            }
        }
    }

    private static void mirror(double[] moments) {
        int in = width(moments);
        for (int i = 0; i < in; i++) {
            for (int j = 0; j < i; j++) {
                moments[j * in + i] = moments[i * in + j];
            }
        }
    }

    private static int width(double[] moments) {
        return (int) Math.round(Math.sqrt(moments.length));
    }

    /**
     * Fills the lower triangle. A row of the moments stays in the first cache while all positions
     * pass by.
     */
    private static void add(FloatBuffer values, double[] moments) {
        int in = width(moments);
        float[] x = new float[values.remaining()];
        values.get(x);
        IntStream.range(0, in)
                .parallel()
                .forEach(
                        i -> {
                            for (int t = 0; t < x.length; t += in) {
                                double own = x[t + i];
                                for (int j = 0; j <= i; j++) {
                                    moments[i * in + j] += own * x[t + j];
                                }
                            }
                        });
    }
}
