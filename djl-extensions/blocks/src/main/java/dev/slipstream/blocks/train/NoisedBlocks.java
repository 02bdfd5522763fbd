package dev.slipstream.blocks.train;

import java.util.SplittableRandom;

/**
 * Copies of sequences in which tokens are replaced by the mask token. The first token of a block
 * never is: a decoder that reads a block gets it from the token before.
 *
 * @param ids the noised copies
 * @param masked how many tokens of all of them were replaced
 */
record NoisedBlocks(int[][] ids, int masked) {
    /**
     * Draws a rate for each block, from 0 to 1, and masks each of its tokens but the first with it.
     *
     * @param windows the clean sequences
     * @param block size of a block
     * @param mask id of the mask token
     * @param random draws rates and tokens
     */
    static NoisedBlocks atRandomRates(
            int[][] windows, int block, int mask, SplittableRandom random) {
        return of(windows, block, mask, random, -1);
    }

    /** Masks with one rate for all blocks. */
    static NoisedBlocks atRate(
            int[][] windows, int block, int mask, SplittableRandom random, double rate) {
        return of(windows, block, mask, random, rate);
    }

    private static NoisedBlocks of(
            int[][] windows, int block, int mask, SplittableRandom random, double fixed) {
        int[][] noised = new int[windows.length][];
        int masked = 0;
        for (int i = 0; i < windows.length; i++) {
            noised[i] = windows[i].clone();
            double rate = fixed;
            for (int p = 0; p < noised[i].length; p++) {
                if (p % block == 0) {
                    rate = fixed < 0 ? random.nextDouble() : fixed;
                } else if (random.nextDouble() < rate) {
                    noised[i][p] = mask;
                    masked++;
                }
            }
        }
        return new NoisedBlocks(noised, masked);
    }
}
