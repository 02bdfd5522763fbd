package dev.slipstream.decode.block;

/**
 * How many places each denoising run of a block has to fix: the block's places shared out over the
 * steps, the remainder over the first ones.
 *
 * @param steps of a block; 0 for as many as it has places
 */
record StepQuota(int steps) {
    /**
     * Returns the number for one run, 1 or more.
     *
     * @param places of the block
     * @param step index of the run among the block's
     */
    int of(int places, int step) {
        int all = steps == 0 ? places : steps;
        return Math.max(1, places / all + (step < places % all ? 1 : 0));
    }
}
