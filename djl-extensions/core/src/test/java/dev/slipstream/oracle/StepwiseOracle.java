package dev.slipstream.oracle;

import dev.slipstream.graph.SubLayer;
import java.util.ArrayList;
import java.util.List;

/**
 * The same model one position at a time, with remembered keys and values: linear where {@link
 * OracleModel#logits} is quadratic, for long continuations.
 */
final class StepwiseOracle {
    private final OracleModel model;
    private final List<List<double[]>> keys = new ArrayList<>();
    private final List<List<double[]>> values = new ArrayList<>();
    private int position;

    StepwiseOracle(OracleModel model) {
        this.model = model;
        for (int i = 0; i < model.layers.size(); i++) {
            keys.add(new ArrayList<>());
            values.add(new ArrayList<>());
        }
    }

    /** Takes the next token and returns the logits behind it. */
    float[] next(int token) {
        double[] x = model.embed(token);
        for (int i = 0; i < model.layers.size(); i++) {
            OracleLayer layer = model.layers.get(i);
            if (model.has(SubLayer.Kind.ATTENTION, i)) {
                addAttention(layer, i, x);
            }
            if (model.has(SubLayer.Kind.FEED_FORWARD, i)) {
                model.addFeedForward(layer, x);
            }
        }
        position++;
        return model.head(x);
    }

    private void addAttention(OracleLayer layer, int i, double[] x) {
        double[] normed = model.normed(x, layer.attentionNorm());
        double[] query = model.turned(layer.query().of(normed), layer.queryNorm(), position);
        keys.get(i).add(model.turned(layer.key().of(normed), layer.keyNorm(), position));
        values.get(i).add(layer.value().of(normed));
        int from = Math.max(0, position + 1 - layer.window());
        OracleModel.add(
                x,
                layer.output()
                        .of(
                                attend(
                                        query,
                                        keys.get(i).subList(from, position + 1),
                                        values.get(i).subList(from, position + 1))));
    }

    /**
     * Running sums of {@code exp(score) value} and {@code exp(score)}, one past position a turn.
     */
    private double[] attend(double[] query, List<double[]> seenKeys, List<double[]> seenValues) {
        return attend(model, query, seenKeys, seenValues);
    }

    static double[] attend(
            OracleModel model, double[] query, List<double[]> seenKeys, List<double[]> seenValues) {
        int size = model.shape.headSize();
        int group = model.shape.heads() / model.shape.keyValueHeads();
        double[] mixed = new double[query.length];
        for (int h = 0; h < model.shape.heads(); h++) {
            double weightSum = 0;
            for (int s = 0; s < seenKeys.size(); s++) {
                double score = 0;
                for (int i = 0; i < size; i++) {
                    score += query[h * size + i] * seenKeys.get(s)[h / group * size + i];
                }
                double weight = Math.exp(score / Math.sqrt(size));
                weightSum += weight;
                for (int i = 0; i < size; i++) {
                    mixed[h * size + i] += weight * seenValues.get(s)[h / group * size + i];
                }
            }
            for (int i = 0; i < size; i++) {
                mixed[h * size + i] /= weightSum;
            }
        }
        return mixed;
    }
}
