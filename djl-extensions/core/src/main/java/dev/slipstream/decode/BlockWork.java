package dev.slipstream.decode;

/**
 * What writing by blocks took.
 *
 * @param blocks that were finished
 * @param tokens that became known in blocks, those behind the end of the text included
 * @param denoisingRuns runs that predicted the unknown places of a block
 * @param verificationRuns runs that checked predictions as a decoder of single tokens
 * @param storingRuns runs that stored a finished block, and gave nothing else but the first token
 *     of the next
 * @param verifiedTokens predictions that a verification kept
 * @param keptContexts denoising runs that kept their attention over the text before the block
 * @param reusedContexts denoising runs that used what an earlier one had kept
 */
public record BlockWork(
        int blocks,
        int tokens,
        int denoisingRuns,
        int verificationRuns,
        int storingRuns,
        int verifiedTokens,
        int keptContexts,
        int reusedContexts) {
    /** Of a text that was not written by blocks. */
    public static final BlockWork NONE = new BlockWork(0, 0, 0, 0, 0, 0, 0, 0);

    /** Returns the runs after the prompt, of all kinds. */
    public int runs() {
        return denoisingRuns + verificationRuns + storingRuns;
    }

    /** Returns the tokens that a run after the prompt brought, on average; 0 before the first. */
    public double tokensPerRun() {
        return runs() == 0 ? 0 : (double) tokens / runs();
    }
}
