package dev.slipstream.models;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GateNotes;
import dev.slipstream.runtime.GraphProbe;
import dev.slipstream.runtime.RuntimeOptions;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * How well a model foretells windows of a text while it leaves out feed-forwards. A window is read
 * in one run; each of its tokens behind the warm-up decides for itself, and sees keys and values of
 * tokens that skipped as well, as in generation. Only tokens behind the warm-up are counted.
 */
final class SkippedReading {
    private static final String SHOWN = "skipped.floats";
    private final List<int[]> windows;
    private final int warmUp;

    SkippedReading(List<int[]> windows, int warmUp) {
        this.windows = windows;
        this.warmUp = warmUp;
    }

    /**
     * The loss.
     *
     * @param windows mean nats a token of each window, which all count the same
     * @param skipped feed-forwards that a token skipped, on average
     * @param patterns which layers each token skipped; empty where a list said so
     */
    record Loss(List<Double> windows, double skipped, List<List<Integer>> patterns) {
        double natsPerToken() {
            return windows.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        }

        double perplexity() {
            return Math.exp(natsPerToken());
        }

        /** By how many nats a token the other loss is higher, with the standard error. */
        double[] lead(Loss other) {
            int n = windows.size();
            double mean = other.natsPerToken() - natsPerToken();
            double squares = 0;
            for (int i = 0; i < n; i++) {
                double difference = other.windows.get(i) - windows.get(i) - mean;
                squares += difference * difference;
            }
            return new double[] {mean, Math.sqrt(squares / (n - 1) / n)};
        }
    }

    /** Adds up what windows give. */
    private static final class Totals {
        private final List<Double> windows = new ArrayList<>();
        private final List<List<Integer>> patterns = new ArrayList<>();
        private double skipped;
        private long tokens;

        Loss loss() {
            return new Loss(windows, skipped / tokens, patterns);
        }
    }

    /** Reads with a model that decides by itself. */
    Loss adaptive(OnnxModel gated, GateNotes.Skips skips) {
        Effort.Skipping knobs = skips.usual();
        List<Integer> layers = skips.layers();
        OnnxModel shown = gated.copy();
        new GraphBuilder(shown)
                .node("Cast", Effort.SKIPPED)
                .attribute("to", ElementType.FLOAT.code())
                .output(SHOWN);
        try (GraphProbe probe = open(shown, List.of(SHOWN, "logits"))) {
            Totals totals = new Totals();
            for (int[] window : windows) {
                float[] thresholds = new float[window.length];
                Arrays.fill(thresholds, (float) knobs.threshold());
                Arrays.fill(thresholds, 0, warmUp, 2);
                float[] counts = new float[window.length];
                Arrays.fill(counts, knobs.count());
                float[] rearms = new float[window.length];
                Arrays.fill(rearms, knobs.rearm() ? 1 : 0);
                Map<String, float[]> inputs =
                        Map.of(
                                Effort.SKIP_THRESHOLDS, thresholds,
                                Effort.SKIP_COUNTS, counts,
                                Effort.SKIP_REARMS, rearms);
                probe.run(
                        window,
                        inputs,
                        values -> {
                            FloatBuffer mask = values.get(SHOWN).floats();
                            for (int t = warmUp; t < window.length - 1; t++) {
                                List<Integer> pattern = new ArrayList<>();
                                for (int i = 0; i < layers.size(); i++) {
                                    if (mask.get(i * window.length + t) != 0) {
                                        pattern.add(layers.get(i));
                                    }
                                }
                                totals.skipped += pattern.size();
                                totals.patterns.add(pattern);
                            }
                            return add(totals, window, values.get("logits"));
                        });
            }
            return totals.loss();
        }
    }

    /** Which layers a token leaves out. */
    interface Policy {
        List<Integer> skipped(Random random);
    }

    /**
     * Leaves out the first of a list: as many as are asked for on average, the last of them for a
     * part of the tokens.
     */
    static Policy first(List<Integer> layers, double mean) {
        return random -> layers.subList(0, count(mean, random));
    }

    /** Leaves out any of a list, other ones for each token. */
    static Policy any(List<Integer> layers, double mean) {
        return random -> {
            List<Integer> shuffled = new ArrayList<>(layers);
            Collections.shuffle(shuffled, random);
            return shuffled.subList(0, count(mean, random));
        };
    }

    /** Leaves out what some token left out that decided for itself: the same layers as often. */
    static Policy exchanged(Loss adaptive) {
        return random -> adaptive.patterns().get(random.nextInt(adaptive.patterns().size()));
    }

    private static int count(double mean, Random random) {
        int whole = (int) mean;
        return whole + (random.nextDouble() < mean - whole ? 1 : 0);
    }

    /**
     * Reads with a list.
     *
     * @param masked a {@link MaskedDecoder}
     * @param kinds what is left out of a layer
     */
    Loss listed(GraphProbe masked, int layers, List<SubLayer.Kind> kinds, Policy policy) {
        Random random = new Random(1);
        Totals totals = new Totals();
        for (int[] window : windows) {
            Map<String, float[]> inputs = new HashMap<>();
            for (int layer = 0; layer < layers; layer++) {
                for (SubLayer.Kind kind :
                        List.of(SubLayer.Kind.ATTENTION, SubLayer.Kind.FEED_FORWARD)) {
                    float[] ones = new float[window.length];
                    Arrays.fill(ones, 1);
                    inputs.put(MaskedDecoder.mask(kind, layer), ones);
                }
            }
            for (int t = warmUp; t < window.length; t++) {
                for (int layer : policy.skipped(random)) {
                    for (SubLayer.Kind kind : kinds) {
                        inputs.get(MaskedDecoder.mask(kind, layer))[t] = 0;
                    }
                    totals.skipped += t < window.length - 1 ? 1 : 0;
                }
            }
            masked.run(window, inputs, values -> add(totals, window, values.get("logits")));
        }
        return totals.loss();
    }

    static GraphProbe open(OnnxModel graph, List<String> values) {
        return GraphProbe.open(graph, values, RuntimeOptions.defaults());
    }

    private Totals add(Totals totals, int[] window, GraphProbe.Value logits) {
        int vocabulary = Math.toIntExact(logits.shape().get(2));
        double nats = 0;
        for (int t = warmUp; t < window.length - 1; t++) {
            FloatBuffer row = logits.floats().slice(t * vocabulary, vocabulary);
            double highest = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < vocabulary; i++) {
                highest = Math.max(highest, row.get(i));
            }
            double sum = 0;
            for (int i = 0; i < vocabulary; i++) {
                sum += Math.exp(row.get(i) - highest);
            }
            nats += highest + Math.log(sum) - row.get(window[t + 1]);
        }
        int counted = window.length - 1 - warmUp;
        totals.tokens += counted;
        totals.windows.add(nats / counted);
        return totals;
    }
}
