package dev.slipstream.checkpoint;

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
     * Reads {@link #text()}.
     *
     * @throws IllegalArgumentException if it is another text
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
            throw new IllegalArgumentException(unreadable(text), e);
        }
        throw new IllegalArgumentException(unreadable(text));
    }

    private static String unreadable(String text) {
        return "%s: expected block size, mask token and alignment, such as 16,3,SHIFTED, found '%s'"
                .formatted(DecoderGraphs.BLOCK_DIFFUSION, text);
    }

    /** Returns the text that stands in a graph's metadata. */
    String text() {
        return "%d,%d,%s".formatted(blockSize, maskToken, alignment);
    }
}
