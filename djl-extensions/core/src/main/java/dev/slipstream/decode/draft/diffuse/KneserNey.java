package dev.slipstream.decode.draft.diffuse;

/**
 * How likely a token is after two others, from counts of what followed what (Kneser and Ney 1995,
 * interpolated as by Chen and Goodman 1999, one discount): a real distribution at any moment, also
 * after tokens that were never seen, and it grows token by token.
 */
final class KneserNey {
    /** What of each count goes to tokens that were not seen; the usual value. */
    static final double DISCOUNT = 0.75;

    /** Of a pair or a token: how often something followed it, each pair's predecessors once. */
    private static final int FOLLOWED = 0;

    /** How many different tokens followed it. */
    private static final int FOLLOWERS = 1;

    /** How many different tokens it followed. */
    private static final int PRECEDERS = 2;

    private final int vocabularySize;
    private final TokenCounts triples = new TokenCounts(1);
    private final TokenCounts pairs = new TokenCounts(3);
    private final TokenCounts singles = new TokenCounts(3);
    private int followedPairs;
    private int seenTokens;

    /**
     * Constructs counts of nothing.
     *
     * @param vocabularySize number of token ids
     */
    KneserNey(int vocabularySize) {
        if (vocabularySize < 1 || vocabularySize > TokenCounts.MOST_TOKENS) {
            throw new IllegalArgumentException(
                    "vocabularySize: expected 1 to %d, found %d"
                            .formatted(TokenCounts.MOST_TOKENS, vocabularySize));
        }
        this.vocabularySize = vocabularySize;
    }

    /**
     * Counts a part of a text with the two tokens before it; ids beyond the vocabulary are gaps.
     */
    void add(int[] text, int from, int to) {
        for (int i = Math.max(2, from); i < to; i++) {
            if (known(text[i - 2]) && known(text[i - 1]) && known(text[i])) {
                add(text[i - 2], text[i - 1], text[i]);
            }
        }
    }

    private boolean known(int token) {
        return token >= 0 && token < vocabularySize;
    }

    private void add(int second, int before, int token) {
        int triple = triples.findOrAdd(TokenCounts.key(second, before, token));
        boolean newTriple = triples.increment(triple, 0) == 1;
        int context = pairs.findOrAdd(TokenCounts.key(second, before));
        pairs.increment(context, FOLLOWED);
        if (newTriple) {
            pairs.increment(context, FOLLOWERS);
            addPair(before, token);
        }
    }

    /** Kneser and Ney's own thought: a pair counts as often as it has different predecessors. */
    private void addPair(int before, int token) {
        int pair = pairs.findOrAdd(TokenCounts.key(before, token));
        boolean newPair = pairs.increment(pair, PRECEDERS) == 1;
        int context = singles.findOrAdd(TokenCounts.key(before));
        singles.increment(context, FOLLOWED);
        if (newPair) {
            singles.increment(context, FOLLOWERS);
            followedPairs++;
            int single = singles.findOrAdd(TokenCounts.key(token));
            if (singles.increment(single, PRECEDERS) == 1) {
                seenTokens++;
            }
        }
    }

    /** Returns the number of different runs of three tokens. */
    int triples() {
        return triples.size();
    }

    /**
     * Returns a token's probability, above 0.
     *
     * @param before the tokens before it; those before the last two do not count
     * @param token an id of the vocabulary
     */
    double probability(int[] before, int token) {
        double lower = afterNothing(token);
        if (before.length == 0) {
            return lower;
        }
        int last = before[before.length - 1];
        int pair = known(last) ? pairs.find(TokenCounts.key(last, token)) : -1;
        int context = known(last) ? singles.find(TokenCounts.key(last)) : -1;
        lower =
                discounted(
                        pairs.get(pair, PRECEDERS),
                        singles.get(context, FOLLOWERS),
                        singles.get(context, FOLLOWED),
                        lower);
        return probability(before, token, lower);
    }

    /**
     * Returns a token's probability where runs of three tokens are counted here and shorter ones
     * elsewhere.
     *
     * @param before the tokens before it; those before the last two do not count
     * @param token an id of the vocabulary
     * @param lower its probability by what is known elsewhere
     */
    double probability(int[] before, int token, double lower) {
        if (before.length < 2) {
            return lower;
        }
        int second = before[before.length - 2];
        int last = before[before.length - 1];
        if (!known(second) || !known(last)) {
            return lower;
        }
        int context = pairs.find(TokenCounts.key(second, last));
        if (pairs.get(context, FOLLOWED) == 0) {
            return lower;
        }
        int triple = triples.find(TokenCounts.key(second, last, token));
        return discounted(
                triples.get(triple, 0),
                pairs.get(context, FOLLOWERS),
                pairs.get(context, FOLLOWED),
                lower);
    }

    private double afterNothing(int token) {
        int single = singles.find(TokenCounts.key(token));
        return discounted(
                singles.get(single, PRECEDERS), seenTokens, followedPairs, 1.0 / vocabularySize);
    }

    private static double discounted(int count, int kinds, int total, double lower) {
        return total == 0
                ? lower
                : (Math.max(0, count - DISCOUNT) + DISCOUNT * kinds * lower) / total;
    }
}
