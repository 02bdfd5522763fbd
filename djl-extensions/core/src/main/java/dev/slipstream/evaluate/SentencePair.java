package dev.slipstream.evaluate;

/**
 * Two sentences and how alike people find them.
 *
 * @param first a sentence
 * @param second another
 * @param likeness people's judgement; 0 to 5 in the STS benchmark
 */
public record SentencePair(String first, String second, double likeness) {
    /** Checks the judgement. */
    public SentencePair {
        if (!Double.isFinite(likeness)) {
            throw new IllegalArgumentException(
                    "likeness: expected a finite number, found " + likeness);
        }
    }
}
