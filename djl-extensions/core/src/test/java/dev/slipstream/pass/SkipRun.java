package dev.slipstream.pass;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GraphProbe;
import dev.slipstream.runtime.RuntimeOptions;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/** A model that skips, for tests: whole sequences in, logits and masks out. */
final class SkipRun implements AutoCloseable {
    private static final String SHOWN = "skipped.floats";
    private final GraphProbe probe;

    SkipRun(OnnxModel gated, List<String> further) {
        OnnxModel shown = gated.copy();
        new GraphBuilder(shown)
                .node("Cast", Effort.SKIPPED)
                .attribute("to", ElementType.FLOAT.code())
                .output(SHOWN);
        List<String> values = new ArrayList<>(List.of(SHOWN, "logits"));
        values.addAll(further);
        probe = GraphProbe.open(shown, values, RuntimeOptions.defaults());
    }

    /** The knobs of one row. */
    record Knobs(double threshold, long count, boolean rearm) {
        static final Knobs NEVER = new Knobs(2, 8, true);
    }

    /** What came out; {@code skipped} by skippable layer and token. */
    record Outcome(float[][] logits, boolean[][] skipped, Map<String, float[]> further) {
        /** Returns how many feed-forwards a token skipped. */
        int skipped(int token) {
            int sum = 0;
            for (boolean[] layer : skipped) {
                sum += layer[token] ? 1 : 0;
            }
            return sum;
        }
    }

    Outcome run(int[] tokens, Knobs knobs) {
        return run(tokens, t -> knobs);
    }

    Outcome run(int[] tokens, IntFunction<Knobs> knobs) {
        int n = tokens.length;
        float[] thresholds = new float[n];
        float[] counts = new float[n];
        float[] rearms = new float[n];
        for (int t = 0; t < n; t++) {
            thresholds[t] = (float) knobs.apply(t).threshold();
            counts[t] = knobs.apply(t).count();
            rearms[t] = knobs.apply(t).rearm() ? 1 : 0;
        }
        return probe.run(
                tokens,
                Map.of(
                        Effort.SKIP_THRESHOLDS, thresholds,
                        Effort.SKIP_COUNTS, counts,
                        Effort.SKIP_REARMS, rearms),
                shown -> outcome(n, shown));
    }

    private static Outcome outcome(int n, Map<String, GraphProbe.Value> shown) {
        Map<String, float[]> floats = new LinkedHashMap<>();
        shown.forEach((name, value) -> floats.put(name, floats(value.floats())));
        float[][] masks = rows(Objects.requireNonNull(floats.remove(SHOWN)), n);
        boolean[][] skipped = new boolean[masks.length][n];
        for (int i = 0; i < masks.length; i++) {
            for (int t = 0; t < n; t++) {
                skipped[i][t] = masks[i][t] != 0;
            }
        }
        float[] logits = Objects.requireNonNull(floats.remove("logits"));
        return new Outcome(rows(logits, logits.length / n), skipped, floats);
    }

    /** Runs a graph without gates, or with gates at rest. */
    static float[][] plain(OnnxModel graph, int[] tokens) {
        try (GraphProbe probe =
                GraphProbe.open(graph, List.of("logits"), RuntimeOptions.defaults())) {
            float[] logits =
                    probe.run(tokens, Map.of(), shown -> floats(shown.get("logits").floats()));
            return rows(logits, logits.length / tokens.length);
        }
    }

    private static float[][] rows(float[] all, int width) {
        float[][] rows = new float[all.length / width][width];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(all, i * width, rows[i], 0, width);
        }
        return rows;
    }

    private static float[] floats(FloatBuffer buffer) {
        float[] copy = new float[buffer.remaining()];
        buffer.get(copy);
        return copy;
    }

    @Override
    public void close() {
        probe.close();
    }
}
