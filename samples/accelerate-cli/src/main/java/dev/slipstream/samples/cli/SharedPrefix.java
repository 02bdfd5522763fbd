package dev.slipstream.samples.cli;

import dev.slipstream.decode.Generation;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextGenerator;

/** What it saves that prompts begin alike: the time to the first token with and without. */
final class SharedPrefix {
    private static final int OWN_TOKENS = 8;

    private final TextGenerator generator;
    private final RandomPrompts prompts;
    private final int tokens;
    private final Samples misses = new Samples();
    private final Samples hits = new Samples();
    private final Samples cached = new Samples();

    SharedPrefix(TextGenerator generator, RandomPrompts prompts, int tokens) {
        this.generator = generator;
        this.prompts = prompts;
        this.tokens = tokens;
    }

    /** Returns the tokens of its prompts. */
    static int length(int sharedTokens) {
        return sharedTokens + OWN_TOKENS;
    }

    /** Reads two prompts that begin with the same new tokens. */
    void measure() {
        int[] shared = prompts.next(tokens).ids();
        misses.add(StreamRates.seconds(read(shared).timeToFirstToken()));
        Statistics hit = read(shared);
        hits.add(StreamRates.seconds(hit.timeToFirstToken()));
        cached.add(hit.work().cachedTokens());
    }

    private Statistics read(int[] shared) {
        Prompt prompt = prompts.after(shared, OWN_TOKENS);
        Generation text = generator.generate(prompt, StreamRates.wholeTexts(1));
        return text.statistics();
    }

    ThroughputReport.SharedPrefix report() {
        return new ThroughputReport.SharedPrefix(
                tokens,
                OWN_TOKENS,
                (int) cached.median(),
                misses.median(),
                hits.median(),
                hits.median() / misses.median());
    }
}
