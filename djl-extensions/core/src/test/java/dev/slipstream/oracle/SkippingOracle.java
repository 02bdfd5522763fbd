package dev.slipstream.oracle;

import java.util.ArrayList;
import java.util.List;

/**
 * A decoder that skips feed-forwards as FFN-SkipLLM says (Jaiswal and others, 2024), token by
 * token, with a budget that is counted down.
 */
public final class SkippingOracle {
    private final OracleModel model;
    private final int coldStart;
    private final int coldEnd;
    private final List<List<double[]>> keys = new ArrayList<>();
    private final List<List<double[]>> values = new ArrayList<>();

    /**
     * Constructs a decoder without past.
     *
     * @param coldStart the first layer of the region
     * @param coldEnd the first layer behind it
     */
    public SkippingOracle(OracleModel model, int coldStart, int coldEnd) {
        this.model = model;
        this.coldStart = coldStart;
        this.coldEnd = coldEnd;
        for (int i = 0; i < model.layers.size(); i++) {
            keys.add(new ArrayList<>());
            values.add(new ArrayList<>());
        }
    }

    /** The knobs of one token. */
    public record Knobs(double threshold, long count, boolean rearm) {}

    /**
     * What became of one token.
     *
     * @param skipped by layer
     * @param cosines by layer, where a feed-forward of the region was computed; else NaN
     */
    public record Outcome(float[] logits, boolean[] skipped, double[] cosines) {}

    /** Takes the next token. */
    public Outcome next(int token, Knobs knobs) {
        int layers = model.layers.size();
        boolean[] skipped = new boolean[layers];
        double[] cosines = new double[layers];
        int position = keys.get(0).size();
        double[] x = model.embed(token);
        long budget = 0;
        boolean armed = true;
        for (int i = 0; i < layers; i++) {
            OracleLayer layer = model.layers.get(i);
            double[] normed = model.normed(x, layer.attentionNorm());
            double[] query = model.turned(layer.query().of(normed), layer.queryNorm(), position);
            keys.get(i).add(model.turned(layer.key().of(normed), layer.keyNorm(), position));
            values.get(i).add(layer.value().of(normed));
            OracleModel.add(
                    x,
                    layer.output()
                            .of(StepwiseOracle.attend(model, query, keys.get(i), values.get(i))));
            cosines[i] = Double.NaN;
            if (i < coldStart || i >= coldEnd) {
                model.addFeedForward(layer, x);
            } else if (budget > 0) {
                skipped[i] = true;
                budget--;
            } else {
                double[] before = x.clone();
                model.addFeedForward(layer, x);
                cosines[i] = cosine(before, x);
                if (armed && cosines[i] >= knobs.threshold()) {
                    budget = knobs.count();
                    armed = knobs.rearm();
                }
            }
        }
        return new Outcome(model.head(x), skipped, cosines);
    }

    /** Returns the keys of a layer, {@code [tokens][heads x headSize]}. */
    public List<double[]> keys(int layer) {
        return keys.get(layer);
    }

    /** Returns the values of a layer, {@code [tokens][heads x headSize]}. */
    public List<double[]> values(int layer) {
        return values.get(layer);
    }

    private static double cosine(double[] u, double[] h) {
        double dot = 0;
        double uu = 0;
        double hh = 0;
        for (int i = 0; i < u.length; i++) {
            dot += u[i] * h[i];
            uu += u[i] * u[i];
            hh += h[i] * h[i];
        }
        return dot / Math.sqrt(uu) / Math.sqrt(hh);
    }
}
