package dev.slipstream.samples.cli;

import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import java.util.concurrent.locks.LockSupport;

/** How long short requests wait for their first token while a long prompt is read. */
final class LongPrompt {
    /** The longest pause between two short requests, in times to a short one's first token. */
    private static final double PAUSE = 4;

    private static final GenerationOptions FIRST_TOKEN = StreamRates.wholeTexts(1);

    private final TextGenerator generator;
    private final RandomPrompts prompts;
    private final int longTokens;
    private final int shortTokens;
    private final Samples steps = new Samples();
    private final Samples alone = new Samples();
    private final Samples waits = new Samples();

    LongPrompt(TextGenerator generator, RandomPrompts prompts, int longTokens, int shortTokens) {
        this.generator = generator;
        this.prompts = prompts;
        this.longTokens = longTokens;
        this.shortTokens = shortTokens;
    }

    /** Reads a short prompt alone, and then short ones beside a long one, one after another. */
    void measure() {
        double quick = firstToken(shortTokens);
        alone.add(quick);
        try (TokenStream reading = generator.stream(prompts.next(longTokens), FIRST_TOKEN)) {
            while (reading.statistics().generatedTokens() == 0) {
                // At any moment of a step, not always at the end of one that just ended.
                LockSupport.parkNanos((long) (prompts.part() * PAUSE * quick * 1e9));
                double wait = firstToken(shortTokens);
                if (reading.statistics().generatedTokens() == 0) {
                    waits.add(wait);
                }
            }
            // Of the same seconds: on a busy machine other seconds are longer.
            Statistics read = reading.readAll().statistics();
            double time = StreamRates.seconds(read.timeToFirstToken().minus(read.queued()));
            steps.add(time / read.graphRuns());
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
                steps.median(),
                alone.median(),
                waits.median(),
                waits.quantile(0.95),
                waits.quantile(0.95) / steps.median());
    }
}
