package dev.slipstream.pass;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GraphProbe;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Finds the knobs with which a gated model skips a wanted share of its feed-forwards on a text. The
 * model itself is run, with its gates: cosines of the full model would foretell another share, as
 * they change once something is skipped.
 */
final class SkipTuning implements AutoCloseable {
    private static final int STEPS = 14;

    /** The most trials of one search. */
    static final int TRIALS = 1 + STEPS;

    /** A threshold is good enough within this part of the wanted share. */
    private static final double TOLERANCE = 0.02;

    private static final String SHOWN = "skip.skipped.floats";

    private final GraphProbe probe;
    private final Calibration calibration;
    private final int layers;
    private final int warmUp;
    private final StepCount trials;

    /**
     * What knobs did to the calibration text, its warm-up left out.
     *
     * @param share of all the model's feed-forwards that were skipped, 0 to 1
     * @param natsPerToken how surprised the model was
     */
    record Outcome(double threshold, int count, double share, double natsPerToken) {}

    /**
     * Opens a model for trials.
     *
     * @param gated with gates
     * @param layers of the model, of which the share is a share
     * @param trials counts them
     * @throws PassException if the text has nothing behind its warm-up
     */
    SkipTuning(OnnxModel gated, Calibration calibration, int layers, int warmUp, StepCount trials) {
        int longest = calibration.sequences().stream().mapToInt(s -> s.length).max().orElse(0);
        if (longest < warmUp + 2) {
            throw new PassException(
                    "%s: expected a calibration text with sequences of %d or more tokens, for %d are the warm-up, found %d; give longer ones or threshold and count"
                            .formatted(gated.name(), warmUp + 2, warmUp, longest));
        }
        OnnxModel shown = gated.copy();
        new GraphBuilder(shown)
                .node("Cast", Effort.SKIPPED)
                .attribute("to", ElementType.FLOAT.code())
                .output(SHOWN);
        this.probe = GraphProbe.open(shown, List.of(SHOWN, "logits"), calibration.runtime());
        this.calibration = calibration;
        this.layers = layers;
        this.warmUp = warmUp;
        this.trials = trials;
    }

    /** Finds the threshold with which a count gives the wanted share, or comes nearest to it. */
    Outcome search(double wanted, int count, boolean rearm) {
        double low = -1;
        double high = 1;
        Outcome best = outcome(low, count, rearm);
        if (best.share() <= wanted) {
            return best;
        }
        for (int i = 0; i < STEPS; i++) {
            // Cosines crowd below 1: steps are equal in the angle.
            double middle = Math.cos((Math.acos(low) + Math.acos(high)) / 2);
            Outcome outcome = outcome(middle, count, rearm);
            if (Math.abs(outcome.share() - wanted) < Math.abs(best.share() - wanted)) {
                best = outcome;
            }
            if (Math.abs(outcome.share() - wanted) <= TOLERANCE * wanted) {
                return outcome;
            }
            if (outcome.share() > wanted) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return best;
    }

    /** Tries knobs. */
    Outcome outcome(double threshold, int count, boolean rearm) {
        double[] totals = new double[3];
        for (int[] sequence : calibration.sequences()) {
            if (sequence.length > warmUp + 1) {
                probe.run(
                        sequence,
                        inputs(sequence.length, threshold, count, rearm),
                        shown -> add(totals, sequence, shown));
            }
        }
        trials.step();
        return new Outcome(threshold, count, totals[0] / totals[1] / layers, totals[2] / totals[1]);
    }

    private Map<String, float[]> inputs(int tokens, double threshold, int count, boolean rearm) {
        float[] thresholds = new float[tokens];
        Arrays.fill(thresholds, (float) threshold);
        Arrays.fill(thresholds, 0, Math.min(warmUp, tokens), 2);
        float[] counts = new float[tokens];
        Arrays.fill(counts, count);
        float[] rearms = new float[tokens];
        Arrays.fill(rearms, rearm ? 1 : 0);
        return Map.of(
                Effort.SKIP_THRESHOLDS, thresholds,
                Effort.SKIP_COUNTS, counts,
                Effort.SKIP_REARMS, rearms);
    }

    /** Adds skipped feed-forwards, tokens and nats; the last token has none to foretell. */
    private double[] add(double[] totals, int[] sequence, Map<String, GraphProbe.Value> shown) {
        GraphProbe.Value skipped = shown.get(SHOWN);
        GraphProbe.Value logits = shown.get("logits");
        if (skipped == null || logits == null) {
            throw new IllegalStateException(
                    "expected the values asked for, found " + shown.keySet());
        }
        int n = sequence.length;
        for (int row = 0; row < skipped.floats().remaining() / n; row++) {
            for (int t = warmUp; t < n - 1; t++) {
                totals[0] += skipped.floats().get(row * n + t);
            }
        }
        int vocabulary = Math.toIntExact(logits.shape().get(logits.shape().size() - 1));
        for (int t = warmUp; t < n - 1; t++) {
            totals[1]++;
            totals[2] +=
                    surprise(logits.floats().slice(t * vocabulary, vocabulary), sequence[t + 1]);
        }
        return totals;
    }

    private static double surprise(FloatBuffer logits, int token) {
        double highest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < logits.remaining(); i++) {
            highest = Math.max(highest, logits.get(i));
        }
        double sum = 0;
        for (int i = 0; i < logits.remaining(); i++) {
            sum += Math.exp(logits.get(i) - highest);
        }
        return highest + Math.log(sum) - logits.get(token);
    }

    @Override
    public void close() {
        probe.close();
    }
}
