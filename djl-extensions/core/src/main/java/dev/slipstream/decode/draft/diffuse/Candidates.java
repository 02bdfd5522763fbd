package dev.slipstream.decode.draft.diffuse;

/**
 * The tokens that may stand in one place of a draft.
 *
 * @param tokens the likeliest first; none if the model gave no numbers for the place
 * @param logProbabilities of each token by the model that drafts, natural logarithms, falling
 * @param ranked how many of the tokens are there for their probability; those behind are end
 *     tokens, which are always there
 */
record Candidates(int[] tokens, double[] logProbabilities, int ranked) {
    /** Nothing can be said of the place. */
    static final Candidates NONE = new Candidates(new int[0], new double[0], 0);

    /** Checks the lengths. */
    Candidates {
        if (logProbabilities.length != tokens.length) {
            throw new IllegalArgumentException(
                    "expected a probability for each of %d tokens, found %d"
                            .formatted(tokens.length, logProbabilities.length));
        }
        if (ranked < 0 || ranked > tokens.length || ranked == 0 && tokens.length > 0) {
            throw new IllegalArgumentException(
                    "ranked: expected 1 to %d, found %d".formatted(tokens.length, ranked));
        }
    }

    /** Returns the number of tokens. */
    int count() {
        return tokens.length;
    }
}
