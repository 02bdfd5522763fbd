package dev.slipstream.decode.block;

/**
 * What a verification would bring: how many tokens of the first span it is expected to keep, minus
 * what it costs.
 *
 * @param estimate how likely a drafted token is kept
 * @param kind what the cost is counted for
 * @param cost in tokens, 0 or more
 * @param confident for {@link Kind#DYNAMIC}: the confidence above which a token would be kept
 *     without a verification too, 0 to 1; take the threshold by which predictions are kept
 */
public record VerificationScore(
        AcceptanceEstimate estimate, Kind kind, double cost, double confident) {
    /** The paper's: the entropy's estimate, a cost of one token, a threshold of 0.9. */
    public static final VerificationScore DEFAULT =
            new VerificationScore(new AcceptanceEstimate.Entropy(1), Kind.STATIC, 1, 0.9);

    /** What the cost is counted for. */
    public enum Kind {
        /** Once: for the run. */
        STATIC,
        /** For each token that would be kept without a verification too. */
        DYNAMIC
    }

    /** Checks the ranges. */
    public VerificationScore {
        if (!(cost >= 0 && cost <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException("cost: expected 0 or more tokens, found " + cost);
        }
        if (!(confident >= 0 && confident <= 1)) {
            throw new IllegalArgumentException("confident: expected 0 to 1, found " + confident);
        }
    }

    /**
     * Returns the score of verifying the first span.
     *
     * @param block before any prediction of the draft is kept
     * @param predictions the draft
     * @param vocabularySize number of tokens that the probabilities are of
     */
    public double of(ActiveBlock block, Predictions predictions, int vocabularySize) {
        int first = block.firstUnknown();
        double[] acceptances = new double[block.endOfFirstSpan() - first];
        for (int i = 0; i < acceptances.length; i++) {
            acceptances[i] = estimate.of(predictions, first + i, vocabularySize);
        }
        double counted = kind == Kind.STATIC ? 1 : confidentPlaces(block, predictions);
        return expectedLength(acceptances) - cost * counted;
    }

    /**
     * Returns how many tokens from the first on are kept on average, where each is kept by chance
     * and the first that is not ends it: the sum of the running products.
     *
     * @param acceptances by token, the chance that it is kept if those before were
     */
    public static double expectedLength(double... acceptances) {
        double all = 1;
        double length = 0;
        for (double acceptance : acceptances) {
            all *= acceptance;
            length += all;
        }
        return length;
    }

    private int confidentPlaces(ActiveBlock block, Predictions predictions) {
        int count = 0;
        for (int place = 0; place < block.length(); place++) {
            if (!block.known(place) && predictions.confidences()[place] > confident) {
                count++;
            }
        }
        return count;
    }
}
