package dev.slipstream.pass;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GraphProbe;
import dev.slipstream.runtime.RuntimeOptions;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The logits of graphs, all rows, for comparisons. */
final class Probed {
    private Probed() {}

    /** Returns logits with the inputs of gates at their neutral values. */
    static float[] logits(OnnxModel graph, int[] tokens) {
        return logits(graph, tokens, Map.of());
    }

    static float[] logits(OnnxModel graph, int[] tokens, List<Integer> levels) {
        float[] widths = new float[levels.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = levels.get(i);
        }
        return logits(graph, tokens, Map.of(Effort.WIDTHS, widths));
    }

    static float[] logits(OnnxModel graph, int[] tokens, Map<String, float[]> extra) {
        graph.validate();
        try (GraphProbe probe =
                GraphProbe.open(graph, List.of("logits"), RuntimeOptions.defaults())) {
            return probe.run(tokens, extra, values -> floats(values.get("logits").floats()));
        }
    }

    private static float[] floats(FloatBuffer buffer) {
        float[] copy = new float[buffer.remaining()];
        buffer.get(copy);
        return copy;
    }

    /** Fails, in few words, unless all bits are the same. */
    static void assertSame(float[] found, float[] expected, String drawn) {
        if (!Arrays.equals(found, expected)) {
            throw new AssertionError(
                    "expected the same bits, found a distance of %s; %s"
                            .formatted(distance(found, expected), drawn));
        }
    }

    /** Returns the largest difference; NaN counts as endless. */
    static double distance(float[] one, float[] other) {
        if (one.length != other.length) {
            throw new AssertionError(one.length + " and " + other.length + " logits");
        }
        double most = 0;
        for (int i = 0; i < one.length; i++) {
            double off = Math.abs((double) one[i] - other[i]);
            most = Double.isNaN(off) ? Double.POSITIVE_INFINITY : Math.max(most, off);
        }
        return most;
    }
}
