package dev.slipstream.pass;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/**
 * Chooses how wide each layer's feed-forward is, for a budget of parameters or time, without a
 * search: of all the models that nested widths contain, the balanced ones lose least (Devvrit and
 * others, MatFormer, 2024). Layers have two neighbouring granularities at most, and the narrower
 * come first, next to the embedding.
 *
 * @param layers of the model
 * @param granularities widths in neurons, rising
 */
public record MixAndMatch(int layers, List<Integer> granularities) {
    /** Checks the ranges and copies the list. */
    public MixAndMatch {
        granularities = List.copyOf(granularities);
        boolean rising = !granularities.isEmpty() && granularities.get(0) > 0;
        for (int i = 1; i < granularities.size(); i++) {
            rising &= granularities.get(i - 1) < granularities.get(i);
        }
        if (layers < 1 || !rising) {
            throw new PassException(
                    "expected one or more layers and rising widths of one or more neurons, found %d layers and %s"
                            .formatted(layers, granularities));
        }
    }

    /** Returns the balanced models, the narrowest first; each has one layer wider than the last. */
    public List<List<Integer>> models() {
        List<List<Integer>> models = new ArrayList<>();
        models.add(widths(0, 0));
        for (int i = 0; i + 1 < granularities.size(); i++) {
            for (int wider = 1; wider <= layers; wider++) {
                models.add(widths(i, wider));
            }
        }
        return models;
    }

    /**
     * Returns the widest balanced model whose cost is within a budget.
     *
     * @param budget the most that the model may cost, such as parameters or milliseconds a token
     * @param unit of the budget, for messages
     * @param cost of the whole model if all layers have a width, as it was counted or measured; a
     *     mixed model costs the mean of its layers' widths
     * @return the width of each layer, not decreasing
     * @throws PassException with the least possible if nothing is within the budget
     */
    public List<Integer> within(double budget, String unit, IntToDoubleFunction cost) {
        double[] costs =
                granularities.stream().mapToInt(width -> width).mapToDouble(cost).toArray();
        double least = Double.POSITIVE_INFINITY;
        List<Integer> widest = null;
        for (List<Integer> model : models()) {
            double sum = 0;
            for (int width : model) {
                sum += costs[granularities.indexOf(width)];
            }
            // Compared as sums: a mean is rounded, and counts would miss by one.
            if (sum <= budget * layers) {
                widest = model;
            }
            least = Math.min(least, sum / layers);
        }
        if (widest == null) {
            throw new PassException(
                    "expected a budget of at least %s %s, which feed-forward widths of %s need, found %s"
                            .formatted(plain(least), unit, granularities.get(0), plain(budget)));
        }
        return widest;
    }

    /**
     * Returns the widest balanced model with a share of the feed-forwards' neurons, and so of their
     * parameters.
     *
     * @param share above 0, at most 1
     */
    public List<Integer> share(double share) {
        int whole = granularities.get(granularities.size() - 1);
        return within(share, "of the feed-forwards' parameters", width -> (double) width / whole);
    }

    private List<Integer> widths(int granularity, int wider) {
        List<Integer> widths =
                new ArrayList<>(
                        Collections.nCopies(layers - wider, granularities.get(granularity)));
        if (wider > 0) {
            widths.addAll(Collections.nCopies(wider, granularities.get(granularity + 1)));
        }
        return List.copyOf(widths);
    }

    private static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? Long.toString((long) number)
                : Double.toString(number);
    }
}
