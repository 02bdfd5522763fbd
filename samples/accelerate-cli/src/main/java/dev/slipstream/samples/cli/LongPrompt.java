package dev.slipstream.samples.cli;

import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import java.util.concurrent.locks.LockSupport;

/** How long short requests wait for their first token while a long prompt is read. */
final class LongPrompt {
    private static final GenerationOptions FIRST_TOKEN = StreamRates.wholeTexts(1);

    private final TextGenerator generator;
    private final RandomPrompts prompts;
    private final int longTokens;
    private final int shortTokens;
    private final int chunk;
    private final Samples chunks = new Samples();
    private final Samples alone = new Samples();
    private final Samples waits = new Samples();

    /**
     * Constructs a measurement.
     *
     * @param chunk tokens of prompts that one step reads
     */
    LongPrompt(
            TextGenerator generator,
            RandomPrompts prompts,
            int longTokens,
            int shortTokens,
            int chunk) {
        this.generator = generator;
        this.prompts = prompts;
        this.longTokens = longTokens;
        this.shortTokens = shortTokens;
        this.chunk = chunk;
    }

    /** Reads a long prompt alone, a short one alone, and then short ones beside a long one. */
    void measure() {
        int steps = (longTokens + chunk - 1) / chunk;
        chunks.add(firstToken(longTokens) / steps);
        alone.add(firstToken(shortTokens));
        try (TokenStream reading = generator.stream(prompts.next(longTokens), FIRST_TOKEN)) {
            while (reading.statistics().generatedTokens() == 0) {
                // At any moment of a step, not always at the end of one that just ended.
                LockSupport.parkNanos((long) (prompts.part() * chunks.median() * 1e9));
                double wait = firstToken(shortTokens);
                if (reading.statistics().generatedTokens() == 0) {
                    waits.add(wait);
                }
            }
        }
    }

    private double firstToken(int tokens) {
        Generation text = generator.generate(prompts.next(tokens), FIRST_TOKEN);
        return StreamRates.seconds(text.statistics().timeToFirstToken());
    }

    ThroughputReport.LongPrompt report() {
        return new ThroughputReport.LongPrompt(
                longTokens,
                shortTokens,
                waits.size(),
                chunks.median(),
                alone.median(),
                waits.median(),
                waits.quantile(0.95),
                waits.quantile(0.95) / chunks.median());
    }
}
