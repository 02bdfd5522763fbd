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
import dev.slipstream.pass.CalibrationText;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.Effort;
import dev.slipstream.samples.benchmarks.result.Results;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Measures passes: how much faster, and at what price. */
final class LossySettings {
    private static final List<String> PASSES = List.of("remove:sub-layers=(attention.2)");

    /** Those that look at a text. */
    private static final List<String> CALIBRATED =
            List.of("finercut:remove=0.125", "low-rank:parameters=0.7");

    private static final int TOKENS = 64;

    /** Tokens of the text that are foretold. */
    private static final int JUDGED = 4096;

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

    /**
     * Measures.
     *
     * @param text to judge by
     */
    void measure(Path text) throws IOException {
        LoadOptions plain =
                LoadOptions.defaults()
                        .withPrecision(weights)
                        .withThreads(plan.threads().get(0))
                        .withRequests(1, 0)
                        .withCache(CacheOptions.NONE);
        String judged = Files.readString(text);
        try (AutoregressiveGenerator original = Models.open(model.checkpoint().toString(), plain)) {
            for (Map.Entry<String, Plan> setting : settings().entrySet()) {
                try (AutoregressiveGenerator changed =
                        Models.open(
                                model.checkpoint().toString(),
                                plain.withPlan(setting.getValue()))) {
                    findings.lossy.add(compare(original, changed, judged, setting.getKey()));
                } catch (RuntimeException e) {
                    findings.note(place(), setting.getKey(), String.valueOf(e.getMessage()));
                }
            }
        }
    }

    private Map<String, Plan> settings() {
        Map<String, Plan> settings = new LinkedHashMap<>();
        PASSES.forEach(spec -> settings.put(spec, Plan.of(List.of(spec), List.of(), null)));
        Path calibration = plan.calibration();
        if (calibration != null) {
            CalibrationText seen =
                    new CalibrationText(
                            List.of(calibration),
                            CalibrationText.SEQUENCES,
                            Math.min(CalibrationText.LENGTH, model.config().contextLength()),
                            null);
            CALIBRATED.forEach(spec -> settings.put(spec, Plan.of(List.of(spec), List.of(), seen)));
        }
        return settings;
    }

    private Findings.Place place() {
        return new Findings.Place(
                model.name(), weights.name().toLowerCase(Locale.ROOT), plan.threads().get(0));
    }

    private Results.Lossy compare(
            AutoregressiveGenerator original,
            AutoregressiveGenerator changed,
            String text,
            String setting) {
        Tokenizer tokenizer = original.model().tokenizer();
        int[] all = tokenizer.encode(text, Tokenizer.SpecialTokens.AS_WRITTEN);
        int[] tokens = Arrays.copyOf(all, Math.min(JUDGED, all.length));
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
                new Prompt(
                        "the text's beginning", Arrays.copyOf(tokens, Math.min(32, tokens.length)));
        Speed speed =
                new SpeedMeter(List.of(prompt), TOKENS, 1, plan.rounds())
                        .measure(original, changed, EffortRequest.NONE, done -> {});
        Spread ratio = speed.ratio();
        return new Results.Lossy(
                model.name(),
                place().weights(),
                setting,
                List.of(ratio.median(), ratio.least(), ratio.most()),
                quality.original().perplexity(),
                quality.candidate().perplexity(),
                quality.agreement());
    }
}
