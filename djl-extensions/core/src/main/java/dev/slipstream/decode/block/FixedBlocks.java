package dev.slipstream.decode.block;

/**
 * Blocks of one length, but for the last one of a text.
 *
 * @param size places of a block, 1 or more; {@link Integer#MAX_VALUE} for the model's own
 */
public record FixedBlocks(int size) implements BlockBorders {
    /** Checks the size. */
    public FixedBlocks {
        if (size < 1) {
            throw new IllegalArgumentException("size: expected 1 or more, found " + size);
        }
    }

    @Override
    public int window(int most) {
        return Math.min(size, most);
    }

    @Override
    public int length(ActiveBlock block, Predictions predictions, int generated, int remaining) {
        return block.length();
    }
}
