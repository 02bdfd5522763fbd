package dev.slipstream.blocks.train;

import java.util.Arrays;

/**
 * The mask of a clean and a noised copy of a sequence in one pass: positions 0 to length - 1 are
 * the clean copy, those after them the noised one. (The paper puts the noised copy first; the order
 * changes nothing but the indices, and with this one the clean copy's keys are the first ones.)
 */
final class NextBlockMask {
    private NextBlockMask() {}

    /**
     * Returns the mask.
     *
     * @param visibility CONTEXT_CAUSAL or BLOCK_CAUSAL
     * @param length of one copy
     * @param block size of a block; the last one may be shorter
     * @return rows are queries, columns are keys
     */
    static boolean[][] of(Visibility visibility, int length, int block) {
        boolean[][] mask = new boolean[2 * length][2 * length];
        for (int query = 0; query < length; query++) {
            int own = query / block;
            for (int key = 0; key < length; key++) {
                int other = key / block;
                mask[query][key] =
                        visibility == Visibility.CONTEXT_CAUSAL ? key <= query : other <= own;
                mask[length + query][key] = other < own;
                mask[length + query][length + key] = other == own;
            }
        }
        return mask;
    }

    /** Returns a mask that hides nothing. */
    static boolean[][] open(int length) {
        boolean[][] mask = new boolean[length][length];
        for (boolean[] row : mask) {
            Arrays.fill(row, true);
        }
        return mask;
    }
}
