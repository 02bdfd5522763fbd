package dev.slipstream.decode.block;

import dev.slipstream.decode.GenerationOptions;

/** How a verified draft is judged. */
public enum SpanRule {
    /**
     * A drafted token stays with probability min(1, q / p), p being the drafter's and q the
     * verifier's (Leviathan and others 2023; Chen and others 2023); else one is drawn from what q
     * has more than p. Tokens that were drawn from p so become tokens drawn from q. At temperature
     * 0 both are taken at temperature 1, as in the paper's code: the text then depends on the seed.
     */
    RATIO,

    /**
     * A drafted token stays if it is the verifier's likeliest; else that one is taken. Nothing is
     * random, and above temperature 0 verified tokens are as if it were 0.
     */
    LIKELIEST,

    /** {@link #LIKELIEST} at temperature 0, so that such texts need no seed; else RATIO. */
    BY_TEMPERATURE;

    /** Returns the rule for one request, one of the first two. */
    SpanRule of(GenerationOptions options) {
        if (this != BY_TEMPERATURE) {
            return this;
        }
        return options.temperature() == 0 ? LIKELIEST : RATIO;
    }
}
