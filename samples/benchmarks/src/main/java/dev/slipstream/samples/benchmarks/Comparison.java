package dev.slipstream.samples.benchmarks;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.ComparisonPlan.Part;
import dev.slipstream.samples.benchmarks.contest.Contender;
import dev.slipstream.samples.benchmarks.result.Results;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;

/** Carries out a plan: model by model, all contenders in turns. */
final class Comparison {
    /** Between the caches and the memory lie models of some hundred million weights. */
    private static final List<Long> WORKING_SETS = List.of(128L << 20, 512L << 20);

    private final ComparisonPlan plan;
    private final Function<Precision, List<Contender>> contenders;
    private final Findings findings = new Findings();
    private final Consumer<String> progress;

    /**
     * Constructs a comparison.
     *
     * @param contenders those that compute with a precision, Slipstream first
     * @param progress hears what is measured now
     */
    Comparison(
            ComparisonPlan plan,
            Function<Precision, List<Contender>> contenders,
            Consumer<String> progress) {
        this.plan = plan;
        this.contenders = contenders;
        this.progress = progress;
    }

    Findings findings() {
        return findings;
    }

    /**
     * Measures.
     *
     * @param afterEach is run after each part, to keep what was found
     */
    void run(Step afterEach) throws IOException {
        if (plan.has(Part.BANDWIDTH)) {
            for (int threads : plan.threads()) {
                for (long bytes : WORKING_SETS) {
                    progress.accept("memory, %d thread(s), %d MiB".formatted(threads, bytes >> 20));
                    findings.bandwidth.add(MemoryBandwidth.measure(threads, bytes));
                }
            }
        }
        for (String shape : plan.shapes()) {
            progress.accept(shape + ": weights");
            ModelFolder model = ModelFolder.open(plan.work(), shape);
            for (Precision weights : plan.weights()) {
                List<Contender> all = contenders.apply(weights);
                all.forEach(each -> traffic(model, weights, each));
                for (int threads : plan.threads()) {
                    heat(model, weights, threads, all, afterEach);
                }
                Path text = plan.text();
                if (model.real() && plan.has(Part.LOSSY) && text != null) {
                    progress.accept(model.name() + ": settings that change the text");
                    new LossySettings(plan, model, weights, findings).measure(text);
                    afterEach.run();
                }
            }
        }
    }

    /** A step that may fail to write. */
    interface Step {
        /** Does it. */
        void run() throws IOException;
    }

    private void heat(
            ModelFolder model, Precision weights, int threads, List<Contender> all, Step afterEach)
            throws IOException {
        Findings.Place place = new Findings.Place(model.name(), lower(weights), threads);
        Heat heat =
                new Heat(
                        plan,
                        model,
                        weights,
                        place,
                        all,
                        findings,
                        what -> progress.accept(place + ": " + what));
        if (plan.has(Part.START) && threads == plan.threads().get(0)) {
            heat.starts();
            afterEach.run();
        }
        if (plan.has(Part.PLAIN) || plan.has(Part.BUSY)) {
            heat.plain();
            afterEach.run();
        }
        if (plan.has(Part.STREAMS)) {
            heat.streams();
            afterEach.run();
        }
        if (plan.has(Part.PROFILE) && threads == plan.threads().get(0)) {
            new Profiles(plan, model, weights, place, findings).measure(all);
            afterEach.run();
        }
        if (plan.has(Part.ACCELERATED) && model.real()) {
            progress.accept(place + ": texts with acceleration");
            new AcceleratedTexts(plan, place, heat, findings).measure(all);
            afterEach.run();
        }
    }

    private void traffic(ModelFolder model, Precision weights, Contender contender) {
        findings.traffic.add(
                new Results.Traffic(
                        model.name(),
                        lower(weights),
                        contender.name(),
                        model.matrixWeights() * contender.bitsPerWeight(weights) / 8,
                        (double) model.cacheNumbers() * contender.cacheBytes()));
    }

    private static String lower(Precision weights) {
        return weights.name().toLowerCase(Locale.ROOT);
    }
}
