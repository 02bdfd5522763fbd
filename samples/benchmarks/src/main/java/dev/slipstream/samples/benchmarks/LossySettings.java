package dev.slipstream.samples.benchmarks;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.evaluate.Quality;
import dev.slipstream.evaluate.QualityMeter;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.evaluate.Speed;
import dev.slipstream.evaluate.SpeedMeter;
import dev.slipstream.evaluate.Spread;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.Effort;
import dev.slipstream.samples.benchmarks.result.Results;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.Arrays;
import java.util.List;

/** Measures passes and gates: how much faster, and at what price. */
final class LossySettings {
    /** One setting of each pass that needs nothing but the model. */
    private static final List<List<String>> SETTINGS =
            List.of(
                    List.of("pass", "remove:sub-layers=(attention.2)"),
                    List.of("pass", "remove:sub-layers=(feed-forward.2)"),
                    List.of("pass", "low-rank:rank=0.5"),
                    List.of("gate", "ffn-skip"));

    private static final int TOKENS = 64;

    private final ComparisonPlan plan;
    private final ModelFolder model;
    private final Precision weights;
    private final Findings findings;

    LossySettings(ComparisonPlan plan, ModelFolder model, Precision weights, Findings findings) {
        this.plan = plan;
        this.model = model;
        this.weights = weights;
        this.findings = findings;
    }

    void measure() {
        LoadOptions plain =
                LoadOptions.defaults()
                        .withPrecision(weights)
                        .withThreads(plan.threads().get(0))
                        .withRequests(1, 0)
                        .withCache(CacheOptions.NONE);
        String place = model.checkpoint().toString();
        String name = weights.name().toLowerCase(java.util.Locale.ROOT);
        Findings.Place where = new Findings.Place(model.name(), name, plan.threads().get(0));
        try (AutoregressiveGenerator original = Models.open(place, plain)) {
            for (List<String> setting : SETTINGS) {
                boolean pass = setting.get(0).equals("pass");
                List<String> spec = List.of(setting.get(1));
                List<String> none = List.of();
                try (AutoregressiveGenerator changed =
                        Models.open(
                                place,
                                plain.withPlan(
                                        Plan.of(pass ? spec : none, pass ? none : spec, null)))) {
                    findings.lossy.add(compare(original, changed, name, setting.get(1)));
                } catch (RuntimeException e) {
                    findings.note(where, setting.get(1), String.valueOf(e.getMessage()));
                }
            }
        }
    }

    private Results.Lossy compare(
            AutoregressiveGenerator original,
            AutoregressiveGenerator changed,
            String name,
            String setting) {
        Tokenizer tokenizer = original.model().tokenizer();
        String text = JudgedText.TEXT;
        int[] tokens = tokenizer.encode(text, Tokenizer.SpecialTokens.AS_WRITTEN);
        QualityMeter meter =
                new QualityMeter(
                        original.model().decoder(),
                        SlidingWindow.within(original.contextLength() - 1),
                        original.model().beginToken());
        int first = Math.min(meter.firstForetold(), tokens.length);
        String foretold = tokenizer.decode(tokens, first, tokens.length);
        Quality quality =
                meter.measure(
                        changed.model().decoder(),
                        Effort.FULL,
                        tokens,
                        foretold.codePointCount(0, foretold.length()),
                        done -> {});
        Prompt prompt =
                new Prompt("the text's beginning", Arrays.copyOf(tokens, Math.min(32, tokens.length)));
        Speed speed =
                new SpeedMeter(List.of(prompt), TOKENS, 1, plan.rounds())
                        .measure(original, changed, EffortRequest.NONE, done -> {});
        Spread ratio = speed.ratio();
        return new Results.Lossy(
                model.name(),
                name,
                setting,
                List.of(ratio.median(), ratio.least(), ratio.most()),
                quality.original().perplexity(),
                quality.candidate().perplexity(),
                quality.agreement());
    }
}
