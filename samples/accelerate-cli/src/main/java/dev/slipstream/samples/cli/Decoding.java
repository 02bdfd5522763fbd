package dev.slipstream.samples.cli;

import dev.slipstream.decode.Statistics;

/**
 * What the decoding of one text took, or of several together.
 *
 * @param tokens after the first ones
 * @param seconds for them
 * @param allTokens the first ones included
 * @param allSeconds the prompts included
 * @param draftedTokens tokens that were proposed to the model
 * @param acceptedTokens those of them that stayed
 * @param steps runs of the model after the prompts
 * @param stages where the time after the first tokens went
 */
record Decoding(
        int tokens,
        double seconds,
        int allTokens,
        double allSeconds,
        int draftedTokens,
        int acceptedTokens,
        int steps,
        Stages stages) {
    static final Decoding NONE = new Decoding(0, 0, 0, 0, 0, 0, 0, Stages.NONE);

    /**
     * Returns what one text took.
     *
     * @param prefill the work when its first piece was there
     * @param end the statistics at its end
     */
    static Decoding of(Statistics.Work prefill, Statistics end) {
        Statistics.Work work = end.work();
        return new Decoding(
                Math.max(0, end.generatedTokens() - 1),
                end.elapsed().minus(end.timeToFirstToken()).toNanos() / 1e9,
                end.generatedTokens(),
                end.elapsed().toNanos() / 1e9,
                work.draftedTokens(),
                work.acceptedTokens(),
                work.verifications(),
                Stages.between(prefill, work));
    }

    Decoding plus(Decoding other) {
        return new Decoding(
                tokens + other.tokens,
                seconds + other.seconds,
                allTokens + other.allTokens,
                allSeconds + other.allSeconds,
                draftedTokens + other.draftedTokens,
                acceptedTokens + other.acceptedTokens,
                steps + other.steps,
                stages.plus(other.stages));
    }

    /** Returns tokens per second after the first; 0 if there are none. */
    double tokensPerSecond() {
        return tokens == 0 || seconds <= 0 ? 0 : tokens / seconds;
    }

    /** Returns tokens per second, the time of the prompts included; 0 if there are none. */
    double tokensPerSecondWithPrompt() {
        return allTokens == 0 || allSeconds <= 0 ? 0 : allTokens / allSeconds;
    }

    double acceptedPerStep() {
        return steps == 0 ? 0 : (double) acceptedTokens / steps;
    }
}
