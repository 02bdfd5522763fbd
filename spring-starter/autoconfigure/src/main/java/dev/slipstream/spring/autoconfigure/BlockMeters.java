package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.BlockWork;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** The meters of one model's blocks; all stay at 0 where texts are written token by token. */
final class BlockMeters {
    private final Counter tokens;
    private final Counter denoisingRuns;
    private final Counter verificationRuns;
    private final Counter storingRuns;
    private final Counter verifiedTokens;
    private final Counter reusedContexts;

    BlockMeters(MeterRegistry registry, String model) {
        tokens =
                counter(
                                "tokens",
                                "Tokens that became known in blocks, those behind the end of a text included",
                                model)
                        .register(registry);
        denoisingRuns = runs("denoising", model).register(registry);
        verificationRuns = runs("verification", model).register(registry);
        storingRuns = runs("storing", model).register(registry);
        verifiedTokens =
                counter("verified", "Predictions that a verification kept", model)
                        .register(registry);
        reusedContexts =
                counter(
                                "contexts.reused",
                                "Denoising runs that used attention again that an earlier one had kept",
                                model)
                        .register(registry);
    }

    private static Counter.Builder runs(String kind, String model) {
        return counter("runs", "Runs of the model over blocks", model).tag("kind", kind);
    }

    private static Counter.Builder counter(String name, String description, String model) {
        return Counter.builder("slipstream.blocks." + name)
                .description(description)
                .tag(RequestMeters.MODEL, model);
    }

    /** Counts what was done between two looks at a request. */
    void count(BlockWork before, BlockWork now) {
        tokens.increment(now.tokens() - before.tokens());
        denoisingRuns.increment(now.denoisingRuns() - before.denoisingRuns());
        verificationRuns.increment(now.verificationRuns() - before.verificationRuns());
        storingRuns.increment(now.storingRuns() - before.storingRuns());
        verifiedTokens.increment(now.verifiedTokens() - before.verifiedTokens());
        reusedContexts.increment(now.reusedContexts() - before.reusedContexts());
    }
}
