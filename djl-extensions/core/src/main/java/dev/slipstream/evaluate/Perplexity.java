package dev.slipstream.evaluate;

/**
 * How well a model foretells a text: the mean surprise of its tokens, each given those before it.
 * Tokens depend on the vocabulary, characters do not: compare models of different tokenizers by
 * {@link #bitsPerCharacter()}.
 *
 * @param tokens that were foretold, each counted once
 * @param characters Unicode characters of those tokens' text
 * @param nats sum over the tokens of their negative natural log-probability
 */
public record Perplexity(long tokens, long characters, double nats) {
    /** Checks that there is something to take a mean of. */
    public Perplexity {
        if (tokens < 1) {
            throw new IllegalArgumentException("tokens: expected 1 or more, found " + tokens);
        }
        if (characters < 0) {
            throw new IllegalArgumentException(
                    "characters: expected 0 or more, found " + characters);
        }
        if (!(nats >= 0)) {
            throw new IllegalArgumentException("nats: expected 0 or more, found " + nats);
        }
    }

    /** Returns the mean cross-entropy in nats a token. */
    public double natsPerToken() {
        return nats / tokens;
    }

    /**
     * Returns e to the power of {@link #natsPerToken()}: as if so many tokens were equally likely.
     */
    public double perplexity() {
        return Math.exp(natsPerToken());
    }

    /** Returns the mean cross-entropy in bits a character; infinite for a text without any. */
    public double bitsPerCharacter() {
        return nats / Math.log(2) / characters;
    }
}
