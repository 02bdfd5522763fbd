package dev.slipstream.decode.block;

import dev.slipstream.decode.BlockWork;
import dev.slipstream.runtime.ContextAttention;

/** Counts what one request's {@link BlockWork} tells. */
final class BlockCounts {
    int blocks;
    int tokens;
    int verificationRuns;
    int storingRuns;
    int verifiedTokens;
    private int denoisingRuns;
    private int keptContexts;
    private int reusedContexts;

    void denoised(ContextAttention context) {
        denoisingRuns++;
        keptContexts += context == ContextAttention.KEPT ? 1 : 0;
        reusedContexts += context == ContextAttention.REUSED ? 1 : 0;
    }

    BlockWork work() {
        return new BlockWork(
                blocks,
                tokens,
                denoisingRuns,
                verificationRuns,
                storingRuns,
                verifiedTokens,
                keptContexts,
                reusedContexts);
    }
}
