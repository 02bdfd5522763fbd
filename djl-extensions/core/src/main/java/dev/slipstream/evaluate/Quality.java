package dev.slipstream.evaluate;

/**
 * What a changed model lost: both models read the same text, each token given the true ones before
 * it.
 *
 * @param original how well the untouched model foretells the text
 * @param candidate how well the changed one does
 * @param agreement share of the positions at which both find the same token likeliest, 0 to 1
 * @param divergence mean Kullback-Leibler divergence of the candidate's distribution from the
 *     original's, in nats a position
 */
public record Quality(
        Perplexity original, Perplexity candidate, double agreement, double divergence) {
    /** Checks the ranges. */
    public Quality {
        if (original.tokens() != candidate.tokens()) {
            throw new IllegalArgumentException(
                    "tokens: expected the same text for both, found %d and %d"
                            .formatted(original.tokens(), candidate.tokens()));
        }
        if (!(agreement >= 0 && agreement <= 1)) {
            throw new IllegalArgumentException("agreement: expected 0 to 1, found " + agreement);
        }
        if (!(divergence >= 0 && Double.isFinite(divergence))) {
            throw new IllegalArgumentException(
                    "divergence: expected a finite number of 0 or more, found %s, as where the candidate holds a token impossible that the original does not"
                            .formatted(divergence));
        }
    }

    /**
     * Returns the additional cross-entropy in nats a token; below zero if the candidate is better.
     */
    public double natsLost() {
        return candidate.natsPerToken() - original.natsPerToken();
    }
}
