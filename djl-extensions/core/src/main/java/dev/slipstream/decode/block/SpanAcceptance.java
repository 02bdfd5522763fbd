package dev.slipstream.decode.block;

import dev.slipstream.decode.RandomDraws;

/**
 * Judges a drafted span from left to right, one place at a time. The drafter's distribution has to
 * be the one that the draft was drawn from, the verifier's the one that plain decoding would draw
 * from behind the tokens before: with the request's penalties, temperature, top-k, top-p and min-p.
 * Knobs that only one of them has gone through leave the result exact and make acceptance rare. For
 * one request and one thread at a time.
 *
 * <p>Take the returned token for each place, and stop behind the first that is not the drafted one:
 * what the verifier says of later places is about another text. One token at least is so kept.
 */
public final class SpanAcceptance {
    /** Below it, a drafter's probability is lost to rounding. */
    private static final double LEAST_PROBABILITY = 1e-12;

    private final SpanRule rule;
    private final double exponent;
    private final RandomDraws random;

    /** By token: what the verifier has more than the drafter. */
    private double[] residual = new double[0];

    /**
     * Constructs the judge of one request.
     *
     * @param rule {@link SpanRule#RATIO} or {@link SpanRule#LIKELIEST}
     * @param exponent of the ratio
     * @param random not the sequence that drew the drafts, or what is drawn and what is accepted
     *     depend on each other
     */
    SpanAcceptance(SpanRule rule, double exponent, RandomDraws random) {
        this.rule = rule;
        this.exponent = exponent;
        this.random = random;
    }

    /** Tells whether the drafter's distributions are asked for, so have to be kept until then. */
    public boolean needsDrafter() {
        return rule == SpanRule.RATIO;
    }

    /**
     * Returns the token of one place: the drafted one if it is accepted, else another one.
     *
     * @param draft what was drafted
     * @param drafter probabilities that it was drawn from, by token; not read if {@link
     *     #needsDrafter} says no
     * @param verifier probabilities that the verifier has, by token
     */
    public int choose(int draft, double[] drafter, double[] verifier) {
        if (rule == SpanRule.LIKELIEST) {
            return likeliest(verifier);
        }
        if (drafter.length != verifier.length) {
            throw new IllegalArgumentException(
                    "drafter: expected probabilities of the verifier's %d tokens, found %d"
                            .formatted(verifier.length, drafter.length));
        }
        if (random.nextDouble() < ratio(drafter[draft], verifier[draft])) {
            return draft;
        }
        double left = subtract(drafter, verifier);
        return left > 0 ? draw(residual, left) : draw(verifier, sum(verifier));
    }

    private double ratio(double drafter, double verifier) {
        double ratio = verifier / Math.max(drafter, LEAST_PROBABILITY);
        // The power is not exact, and what is at least as likely must always stay.
        return ratio >= 1 || exponent == 1 ? ratio : Math.pow(ratio, exponent);
    }

    /** Fills the residual and returns its sum, added up in the order of the tokens. */
    private double subtract(double[] drafter, double[] verifier) {
        if (residual.length != verifier.length) {
            residual = new double[verifier.length];
        }
        for (int token = 0; token < residual.length; token++) {
            residual[token] = Math.max(verifier[token] - drafter[token], 0);
        }
        return sum(residual);
    }

    private int draw(double[] weights, double total) {
        double target = random.nextDouble() * total;
        double cumulative = 0;
        for (int token = 0; token < weights.length; token++) {
            cumulative += weights[token];
            // Reached at the latest where the sum is the total, as it is added up the same way.
            if (target < cumulative) {
                return token;
            }
        }
        throw new IllegalArgumentException(
                "verifier: expected probabilities that sum to 1, found a sum of " + total);
    }

    private static double sum(double[] weights) {
        double sum = 0;
        for (double weight : weights) {
            sum += weight;
        }
        return sum;
    }

    private static int likeliest(double[] probabilities) {
        int best = 0;
        for (int token = 1; token < probabilities.length; token++) {
            if (probabilities[token] > probabilities[best]) {
                best = token;
            }
        }
        return best;
    }
}
