package dev.slipstream.decode;

import java.nio.FloatBuffer;

/**
 * The rule for tokens that the drafter drew from a distribution q, where the target has p
 * (Leviathan and others 2023; Chen and others 2023): the drafted token y stays with probability
 * {@code min(1, p(y) / q(y))}; else the token is drawn from {@code max(p - q, 0)}, normalised. Both
 * together have the distribution p, with all knobs of the request, and no rule accepts more: {@code
 * sum of min(p, q)}. After the last drafted token, at temperature 0, and for tokens that were not
 * drawn, it draws as plain decoding does.
 *
 * <p>Where numbers are at their limits:
 *
 * <ul>
 *   <li>{@code p(y) = 0} never stays, {@code p(y) >= q(y)} always does, with no rounding between.
 *   <li>{@code q(y) = 0} for a drafted y is a probability that was lost to rounding: y stays if p
 *       has it at all, the limit of the ratio.
 *   <li>If a rejection leaves no p above q, the two differ by rounding only: drawn from p.
 *   <li>A q that does not sum to 1 would bend the text silently: it is refused at the first
 *       rejection.
 * </ul>
 */
final class RatioTest implements Acceptance {
    /** How far the sum of a drafter's probabilities may be off: room for 32-bit floats. */
    private static final double SUM_TOLERANCE = 1e-3;

    /** By token: p, then what p has more than q. */
    private double[] weights = new double[0];

    @Override
    public int choose(Sampler sampler, FloatBuffer logits, Draft draft, int index) {
        double[][] distributions = draft.distributions();
        if (distributions == null || index >= draft.length() || sampler.isGreedy()) {
            return sampler.sample(logits);
        }
        double[] drafted = distributions[index];
        targetProbabilities(sampler, logits, drafted.length);
        int token = draft.tokens()[index];
        // Not a quotient: a product with 0 needs no case of its own.
        if (sampler.uniform() * drafted[token] < weights[token]) {
            return token;
        }
        double left = subtract(drafted);
        return left > 0 ? sampler.draw(weights, left) : sampler.sample(logits);
    }

    private void targetProbabilities(Sampler sampler, FloatBuffer logits, int drafted) {
        int vocabularySize = sampler.vocabularySize();
        if (drafted != vocabularySize) {
            throw new IllegalArgumentException(
                    "draft: expected probabilities of the target's %d tokens, found %d"
                            .formatted(vocabularySize, drafted));
        }
        if (weights.length != vocabularySize) {
            weights = new double[vocabularySize];
        }
        sampler.probabilities(logits, weights);
    }

    /** Leaves max(p - q, 0) and returns its sum, added up in the order of the tokens. */
    private double subtract(double[] drafted) {
        double left = 0;
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += drafted[i];
            weights[i] = Math.max(weights[i] - drafted[i], 0);
            left += weights[i];
        }
        // Negated, so that NaN fails.
        if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
            throw new IllegalArgumentException(
                    ("draft: expected probabilities that sum to 1, found a sum of %s; a drafter that"
                                    + " keeps only some tokens must normalise what is left")
                            .formatted(sum));
        }
        return left;
    }
}
