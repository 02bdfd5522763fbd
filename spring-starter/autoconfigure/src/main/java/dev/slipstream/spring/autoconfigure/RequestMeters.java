package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.Statistics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/** The meters of one model's requests, made at once so that they show before the first request. */
final class RequestMeters {
    static final String MODEL = "model";

    private final MeterRegistry registry;
    private final String model;
    private final Counter promptTokens;
    private final Counter generatedTokens;
    private final Counter cachedTokens;
    private final Counter draftedTokens;
    private final Counter acceptedTokens;
    private final Counter gatedSubLayers;
    private final Counter skippedSubLayers;
    private final BlockMeters blocks;
    private final Counter rejected;
    private final Timer timeToFirstToken;
    private final Timer timePerToken;

    RequestMeters(MeterRegistry registry, String model) {
        this.registry = registry;
        this.model = model;
        promptTokens =
                Counter.builder("slipstream.tokens.prompt")
                        .description("Prompt tokens of requests that the model started on")
                        .tag(MODEL, model)
                        .register(registry);
        generatedTokens =
                Counter.builder("slipstream.tokens.generated")
                        .description("Tokens that the model decoded, end tokens included")
                        .tag(MODEL, model)
                        .register(registry);
        cachedTokens =
                Counter.builder("slipstream.tokens.cached")
                        .description("Prompt tokens that came from the prefix cache")
                        .tag(MODEL, model)
                        .register(registry);
        draftedTokens =
                Counter.builder("slipstream.tokens.drafted")
                        .description("Tokens that were proposed to the model")
                        .tag(MODEL, model)
                        .register(registry);
        acceptedTokens =
                Counter.builder("slipstream.tokens.accepted")
                        .description("Proposed tokens that stayed")
                        .tag(MODEL, model)
                        .register(registry);
        gatedSubLayers =
                Counter.builder("slipstream.sublayers.gated")
                        .description("Sub-layers behind gates that decoded tokens met")
                        .tag(MODEL, model)
                        .register(registry);
        skippedSubLayers =
                Counter.builder("slipstream.sublayers.skipped")
                        .description("Sub-layers behind gates that were left out")
                        .tag(MODEL, model)
                        .register(registry);
        blocks = new BlockMeters(registry, model);
        rejected =
                Counter.builder("slipstream.requests.rejected")
                        .description("Requests that were turned away because the queue was full")
                        .tag(MODEL, model)
                        .register(registry);
        timeToFirstToken =
                Timer.builder("slipstream.time.to.first.token")
                        .description("From submission to the first token, the wait included")
                        .tag(MODEL, model)
                        .register(registry);
        timePerToken =
                Timer.builder("slipstream.time.per.token")
                        .description("A request's mean time per token after its first one")
                        .tag(MODEL, model)
                        .register(registry);
    }

    void rejected() {
        rejected.increment();
    }

    void promptTokens(int tokens) {
        promptTokens.increment(tokens);
    }

    void generatedTokens(int tokens) {
        generatedTokens.increment(tokens);
    }

    /** Counts what was saved, and what blocks took, between two looks at a request. */
    void saved(Statistics.Work before, Statistics.Work now) {
        cachedTokens.increment(now.cachedTokens() - before.cachedTokens());
        draftedTokens.increment(now.draftedTokens() - before.draftedTokens());
        acceptedTokens.increment(now.acceptedTokens() - before.acceptedTokens());
        gatedSubLayers.increment(now.gatedSubLayers() - before.gatedSubLayers());
        skippedSubLayers.increment(now.skippedSubLayers() - before.skippedSubLayers());
        blocks.count(before.blocks(), now.blocks());
    }

    void firstToken(Duration sinceSubmission) {
        timeToFirstToken.record(sinceSubmission);
    }

    void finished(Statistics statistics, String finishReason) {
        int gaps = statistics.generatedTokens() - 1;
        if (gaps > 0) {
            timePerToken.record(
                    statistics.elapsed().minus(statistics.timeToFirstToken()).dividedBy(gaps));
        }
        Timer.builder("slipstream.request.duration")
                .description("From submission to the last token")
                .tag(MODEL, model)
                .tag("finish.reason", finishReason)
                .register(registry)
                .record(statistics.elapsed());
    }
}
