package dev.slipstream.checkpoint;

import org.jspecify.annotations.Nullable;

/**
 * How a decoder writes blocks of tokens: the places of a block that are not known yet hold a mask
 * token, and all places of the block see each other (block diffusion: Arriola and others 2025; made
 * from a decoder of single tokens: Tian and others 2025).
 *
 * @param blockSize the most tokens of a block that the model was trained with, 2 or more
 * @param maskToken id of the mask token, which no text has
 * @param alignment which place a place's logits predict
 */
public record BlockDiffusion(int blockSize, int maskToken, Alignment alignment) {
    /** Which place a place's logits predict. */
    public enum Alignment {
        /**
         * The one behind, as in decoders of single tokens. The first place of a block is known from
         * the start: the logits of the last token before it say what stands there.
         */
        SHIFTED,
        /** Itself. */
        ALIGNED
    }

    /** Checks the ranges. */
    public BlockDiffusion {
        if (blockSize < 2) {
            throw new IllegalArgumentException(
                    "block size: expected 2 or more, found " + blockSize);
        }
        if (maskToken < 0) {
            throw new IllegalArgumentException("mask token: expected an id, found " + maskToken);
        }
    }

    /**
     * Reads what {@link #toString} wrote, which is what a graph's metadata have at {@link
     * DecoderGraphs#BLOCK_DIFFUSION}.
     *
     * @throws IllegalArgumentException if it is something else
     */
    public static BlockDiffusion parse(String text) {
        String[] parts = text.split(",", -1);
        try {
            if (parts.length == 3) {
                return new BlockDiffusion(
                        Integer.parseInt(parts[0]),
                        Integer.parseInt(parts[1]),
                        Alignment.valueOf(parts[2]));
            }
        } catch (IllegalArgumentException e) {
            throw wrong(text, e);
        }
        throw wrong(text, null);
    }

    private static IllegalArgumentException wrong(
            String text, @Nullable IllegalArgumentException cause) {
        return new IllegalArgumentException(
                "%s: expected block size, mask token and SHIFTED or ALIGNED, such as 16,255,SHIFTED; found \"%s\""
                        .formatted(DecoderGraphs.BLOCK_DIFFUSION, text),
                cause);
    }

    /** Returns the numbers by commas, such as {@code 16,255,SHIFTED}. */
    @Override
    public String toString() {
        return "%d,%d,%s".formatted(blockSize, maskToken, alignment);
    }
}
