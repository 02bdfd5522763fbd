package dev.slipstream.zoo;

/**
 * How many tokens at once are run, such as prompts. A second form of the weights for them takes
 * memory, and gives them other logits, keys and values than one token at a time would get.
 *
 * @param weights what they use
 * @param threshold new tokens of a run from which on it is one of many, 2 or more; 0 measures when
 *     the model is loaded
 */
public record PrefillOptions(PrefillWeights weights, int threshold) {
    /** One form of the weights for all runs. */
    public static final PrefillOptions NONE = new PrefillOptions(PrefillWeights.SAME, 0);

    /** Checks the range, and that a threshold has something to decide. */
    public PrefillOptions {
        if (threshold < 0 || threshold == 1) {
            throw new IllegalArgumentException(
                    "threshold: expected 2 or more tokens, or 0 to measure it, found " + threshold);
        }
        if (threshold > 0 && weights == PrefillWeights.SAME) {
            throw new IllegalArgumentException(
                    "threshold: expected prefill weights beside it, such as int8, found none");
        }
    }

    /** Returns options for weights whose threshold is measured. */
    public static PrefillOptions of(PrefillWeights weights) {
        return new PrefillOptions(weights, 0);
    }
}
