package dev.slipstream.decode.block;

import java.util.BitSet;

/** Decides which predictions of a denoising run are kept. Safe for use by many threads. */
public interface Unmasking {
    /**
     * Chooses among the places that are not known.
     *
     * @param block as it is
     * @param predictions of the same places
     * @param least how many have to be chosen, 1 or more; all unknown ones if there are fewer
     * @return the chosen places
     */
    BitSet choose(ActiveBlock block, Predictions predictions, int least);

    /**
     * Returns the rule that a text names: {@code confidence:0.9} ({@link ConfidenceUnmasking}),
     * {@code confidence:0.5:margin}, {@code confidence:-0.5:negative-entropy}, {@code static}
     * ({@link StaticUnmasking}) or {@code static:margin}, {@code entropy-bounded:0.1} ({@link
     * EntropyBoundedUnmasking}).
     *
     * @throws IllegalArgumentException if it names none, or a number is out of its range
     */
    static Unmasking parse(String text) {
        return UnmaskingText.read(text);
    }
}
