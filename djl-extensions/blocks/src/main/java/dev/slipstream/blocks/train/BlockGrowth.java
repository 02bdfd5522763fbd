package dev.slipstream.blocks.train;

/**
 * The block size of each step: {@code min(largest, first * ratio^floor(max(0, step - warmUp) /
 * interval))} (NBDiff: next-block diffusion, 2025).
 *
 * @param first size at the beginning
 * @param largest size at the end
 * @param ratio from one size to the next
 * @param warmUp steps before the first interval
 * @param interval steps of a size
 */
public record BlockGrowth(int first, int largest, int ratio, int warmUp, int interval) {
    /** Checks the ranges. */
    public BlockGrowth {
        Check.atLeast("first block size", 1, first);
        Check.atLeast("largest block size", Math.max(2, first), largest);
        Check.atLeast("ratio of block sizes", 2, ratio);
        Check.atLeast("warm-up of block sizes", 0, warmUp);
        Check.atLeast("interval of block sizes", 1, interval);
    }

    /**
     * Returns the largest size from the first step on.
     *
     * @param size of all blocks
     */
    public static BlockGrowth none(int size) {
        return new BlockGrowth(size, size, 2, 0, 1);
    }

    /**
     * Returns doublings at equal distances.
     *
     * @param first size at the beginning
     * @param largest size at the end
     * @param steps after which the largest size is reached
     */
    public static BlockGrowth doubling(int first, int largest, int steps) {
        int sizes = 0;
        for (long size = first; size < largest; size *= 2) {
            sizes++;
        }
        return new BlockGrowth(first, largest, 2, 0, Math.max(1, steps / Math.max(1, sizes)));
    }

    /**
     * Returns a step's block size.
     *
     * @param step from 0
     */
    public int at(int step) {
        long size = first;
        for (int grown = Math.max(0, step - warmUp) / interval; grown > 0; grown--) {
            size *= ratio;
            if (size >= largest) {
                return largest;
            }
        }
        return (int) size;
    }
}
