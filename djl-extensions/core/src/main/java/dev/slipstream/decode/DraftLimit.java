package dev.slipstream.decode;

/**
 * How far a drafter may go.
 *
 * @param tokens the most tokens, at least 0
 * @param leastConfidence a drafter stops before a token that it trusts less than this, 0 to 1
 */
public record DraftLimit(int tokens, double leastConfidence) {
    /** Draft nothing. */
    public static final DraftLimit NOTHING = new DraftLimit(0, 0);

    /** Checks the ranges. */
    public DraftLimit {
        if (tokens < 0) {
            throw new IllegalArgumentException("tokens: expected 0 or more, found " + tokens);
        }
        if (!(leastConfidence >= 0 && leastConfidence <= 1)) {
            throw new IllegalArgumentException(
                    "leastConfidence: expected 0 to 1, found " + leastConfidence);
        }
    }

    /** Returns this limit, or a smaller one if it asks for more tokens than this. */
    public DraftLimit atMost(int most) {
        return tokens <= most ? this : new DraftLimit(Math.max(0, most), leastConfidence);
    }
}
