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
}
