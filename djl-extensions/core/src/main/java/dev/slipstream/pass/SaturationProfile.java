package dev.slipstream.pass;

import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.GraphProbe;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Shows where the feed-forwards of a model barely do anything, so that one knows before a pass
 * whether skipping them can pay. For each layer the mean over the tokens of a text of {@code cos(u,
 * h)}, {@code u} the residual stream before the feed-forward and {@code h} behind it (Jaiswal and
 * others, FFN-SkipLLM, 2024). Measured on the full model: once feed-forwards are skipped, those
 * behind them see another stream.
 *
 * @param cosines by layer; NaN where a layer has no feed-forward that can be skipped
 * @param tokens over which they are the mean
 */
public record SaturationProfile(List<Double> cosines, int tokens) {
    /** Checks that there is something. */
    public SaturationProfile {
        cosines = List.copyOf(cosines);
        if (tokens < 1) {
            throw new IllegalArgumentException("tokens: expected 1 or more, found " + tokens);
        }
    }

    /**
     * Runs a model over a text.
     *
     * @param graph a decoder
     * @param calibration the text
     * @throws PassException if the graph has no layer that can be read
     */
    public static SaturationProfile measure(OnnxModel graph, Calibration calibration) {
        Anatomy anatomy = Anatomy.of(graph);
        List<@Nullable FeedForwardBranch> branches = new ArrayList<>();
        Set<String> values = new LinkedHashSet<>();
        for (Layer layer : anatomy.layers()) {
            while (branches.size() <= layer.index()) {
                branches.add(null);
            }
            FeedForwardBranch branch = FeedForwardBranch.find(graph, layer);
            if (branch != null) {
                branches.set(layer.index(), branch);
                values.add(branch.stream());
                values.add(branch.out());
            }
        }
        if (values.isEmpty()) {
            throw new PassException(
                    "%s: expected a decoder with feed-forwards on a residual stream, found none; layers that could not be read: %s"
                            .formatted(graph.name(), anatomy.unreadable()));
        }
        double[] sums = new double[branches.size()];
        try (GraphProbe probe =
                GraphProbe.open(graph, List.copyOf(values), calibration.runtime())) {
            for (int[] sequence : calibration.sequences()) {
                probe.run(
                        sequence,
                        Map.of(),
                        shown -> {
                            for (int i = 0; i < sums.length; i++) {
                                sums[i] += sum(graph, branches.get(i), shown);
                            }
                            return sums;
                        });
            }
        }
        int tokens = calibration.tokens();
        return new SaturationProfile(
                Arrays.stream(sums).mapToObj(sum -> sum / tokens).toList(), tokens);
    }

    private static double sum(
            OnnxModel graph,
            @Nullable FeedForwardBranch branch,
            Map<String, GraphProbe.Value> shown) {
        if (branch == null) {
            return Double.NaN;
        }
        GraphProbe.Value before = shown.get(branch.stream());
        GraphProbe.Value added = shown.get(branch.out());
        if (before == null || added == null || !perToken(before, added)) {
            throw new PassException(
                    "%s: feed-forward.%d: expected a residual stream of [1, tokens, hidden], found %s and %s"
                            .formatted(graph.name(), branch.layer(), before, added));
        }
        int hidden = Math.toIntExact(before.shape().get(2));
        FloatBuffer u = before.floats();
        FloatBuffer out = added.floats();
        double sum = 0;
        for (int at = 0; at < u.remaining(); at += hidden) {
            double dot = 0;
            double uu = 0;
            double hh = 0;
            for (int i = at; i < at + hidden; i++) {
                double h = u.get(i) + out.get(i);
                dot += u.get(i) * h;
                uu += u.get(i) * (double) u.get(i);
                hh += h * h;
            }
            sum += dot / Math.sqrt(uu * hh);
        }
        return sum;
    }

    private static boolean perToken(GraphProbe.Value before, GraphProbe.Value added) {
        return before.shape().size() == 3
                && before.shape().get(0) == 1
                && before.shape().equals(added.shape());
    }

    /**
     * Proposes the region: the longest run of layers whose cosine is at least a percentile of all,
     * and 0.9; the first of equally long ones. The paper says only that the first and the last
     * layers stay out; the rule is ours.
     *
     * @param percentile 0 to 100
     * @return null if no two layers in a row are saturated, as in many shallow models: then nothing
     *     should be skipped
     */
    @Nullable SkipRegion region(double percentile) {
        double[] sorted =
                cosines.stream()
                        .mapToDouble(Double::doubleValue)
                        .filter(cosine -> !Double.isNaN(cosine))
                        .sorted()
                        .toArray();
        double least = Math.max(SkipRegion.LEAST_COSINE, quantile(sorted, percentile / 100));
        int bestStart = 0;
        int best = 0;
        int run = 0;
        for (int i = 0; i < cosines.size(); i++) {
            run = cosines.get(i) >= least ? run + 1 : 0;
            if (run > best) {
                best = run;
                bestStart = i + 1 - run;
            }
        }
        return best < 2 ? null : new SkipRegion(bestStart, bestStart + best);
    }

    private static double quantile(double[] sorted, double share) {
        double place = share * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
