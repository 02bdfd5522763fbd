package dev.slipstream.decode.block;

/** Decides how long a block is. Safe for use by many threads. */
public interface BlockBorders {
    /**
     * Returns how many places are looked at in the first run of a block, of which {@link #length}
     * then keeps some.
     *
     * @param most what the model and the rest of the text allow, 1 or more
     */
    int window(int most);

    /**
     * Returns how many of the places become the block, from what their first run predicted.
     *
     * @param block the window, some places of it known perhaps
     * @param predictions of the same places
     * @param generated tokens of the answer before the block
     * @param remaining tokens of the answer that may still come, those of the window included
     * @return 1 to the window's length
     */
    int length(ActiveBlock block, Predictions predictions, int generated, int remaining);
}
