package dev.slipstream.decode;

/**
 * How the model decides which drafted tokens stay. Either rule leaves the text's distribution as
 * the model has it, and at temperature 0 both give the model's own text; they differ in what a seed
 * fixes and in how much of a drawn draft stays.
 */
public enum AcceptanceRule {
    /**
     * A drafted token stays if it is the one that plain decoding would have drawn with the same
     * random numbers. A seed gives the same text with and without drafts. Drafters choose their
     * likeliest tokens, also above temperature 0.
     */
    EQUAL_TOKENS,

    /**
     * A drafted token that was drawn from q stays with probability min(1, p / q) (Leviathan and
     * others 2023; Chen and others 2023): above temperature 0 more of a drawn draft stays than by
     * any other rule. A seed then fixes the text only together with the drafter and the lengths of
     * its drafts, so not where these follow measured times. Tokens that were chosen, not drawn, are
     * judged by {@link #EQUAL_TOKENS}.
     */
    RATIO_TEST,

    /** {@link #EQUAL_TOKENS} for a request with a seed, {@link #RATIO_TEST} for one without. */
    BY_SEED;

    /** Returns the rule for one request, one of the first two. */
    AcceptanceRule of(GenerationOptions options) {
        if (this != BY_SEED) {
            return this;
        }
        return options.seed() != null ? EQUAL_TOKENS : RATIO_TEST;
    }

    /** Returns the rule for one request. */
    Acceptance open() {
        return switch (this) {
            case EQUAL_TOKENS -> new EqualTokens();
            case RATIO_TEST -> new RatioTest();
            case BY_SEED ->
                    throw new IllegalStateException(
                            "expected the rule of one request, found " + this);
        };
    }

    /**
     * Returns a request's options as its drafter should see them. Temperature 0 where it is to
     * choose its likeliest tokens: they are equal to the model's draw more often than drawn ones.
     * And a seed of its own: the random numbers that judge a draft must not be those that drew it,
     * or what is drawn and what is accepted depend on each other.
     */
    GenerationOptions forDrafter(GenerationOptions options) {
        Long seed = options.seed();
        return options.toBuilder()
                .temperature(this == RATIO_TEST ? options.temperature() : 0)
                .seed(seed == null ? null : new RandomDraws(~seed).nextLong())
                .build();
    }
}
