package dev.slipstream.pass;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.GraphProbe;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/** How far changed models' next-token distributions are from the original's, which is open. */
final class Divergence implements AutoCloseable {
    private static final String LOGITS = "logits";

    private final GraphProbe original;
    private final Calibration calibration;

    /**
     * Opens a measure.
     *
     * @param original a decoder with an output {@code logits}
     * @param calibration the text
     */
    Divergence(OnnxModel original, Calibration calibration) {
        if (original.outputs().stream().noneMatch(output -> output.getName().equals(LOGITS))) {
            throw new PassException(
                    "%s: expected a decoder with an output %s to compare, found outputs %s"
                            .formatted(
                                    original.name(),
                                    LOGITS,
                                    original.outputs().stream().map(o -> o.getName()).toList()));
        }
        this.calibration = calibration;
        this.original = open(original);
    }

    /**
     * Returns the mean Kullback-Leibler divergence from the original, in nats a token; infinite if
     * the changed model's logits are not numbers.
     */
    double of(OnnxModel changed) {
        double sum = 0;
        try (GraphProbe other = open(changed)) {
            for (int[] sequence : calibration.sequences()) {
                float[] expected = logits(original, sequence);
                float[] found = logits(other, sequence);
                int vocabulary = expected.length / sequence.length;
                for (int row = 0; row < expected.length; row += vocabulary) {
                    sum += divergence(expected, found, row, row + vocabulary);
                }
            }
        }
        return Double.isNaN(sum) ? Double.POSITIVE_INFINITY : sum / calibration.tokens();
    }

    private GraphProbe open(OnnxModel graph) {
        return GraphProbe.open(graph, List.of(LOGITS), calibration.runtime());
    }

    private static float[] logits(GraphProbe probe, int[] sequence) {
        return probe.run(
                sequence,
                Map.of(),
                values -> {
                    FloatBuffer floats = values.get(LOGITS).floats();
                    float[] copy = new float[floats.remaining()];
                    floats.get(copy);
                    return copy;
                });
    }

    private static double divergence(float[] p, float[] q, int from, int to) {
        double pNorm = logSum(p, from, to);
        double qNorm = logSum(q, from, to);
        double sum = 0;
        for (int i = from; i < to; i++) {
            double logP = p[i] - pNorm;
            sum += Math.exp(logP) * (logP - q[i] + qNorm);
        }
        return sum;
    }

    private static double logSum(float[] logits, int from, int to) {
        float highest = Float.NEGATIVE_INFINITY;
        for (int i = from; i < to; i++) {
            highest = Math.max(highest, logits[i]);
        }
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += Math.exp(logits[i] - highest);
        }
        return highest + Math.log(sum);
    }

    @Override
    public void close() {
        original.close();
    }
}
