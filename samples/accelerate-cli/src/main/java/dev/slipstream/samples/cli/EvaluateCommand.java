package dev.slipstream.samples.cli;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.evaluate.Evaluation;
import dev.slipstream.evaluate.OpenCandidate;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.pass.Plan;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.ModelCandidates;
import dev.slipstream.zoo.Models;
import dev.slipstream.zoo.PrefillOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures a changed model against the original: what it lost, what it won. */
@Command(
        name = "evaluate",
        description = {
            "Measure a model against the original that it was made from: perplexity, agreement,"
                    + " speed and size, both in turns in one run; of a sentence encoder, how well"
                    + " it orders pairs of sentences.",
            "One thread unless --threads says otherwise."
        },
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar evaluate --model pruned --against original --text"
                    + " book.txt"
        })
final class EvaluateCommand implements Callable<Integer> {
    private final Library library;
    private final Terminal terminal;
    private final AtomicBoolean interrupted = new AtomicBoolean();

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private ModelOptions model = new ModelOptions();

    @Option(
            names = "--against",
            paramLabel = "M0",
            description =
                    "The original: a model directory, an ONNX file, or the name of an embedded"
                            + " model. Default: the model itself, without passes and in the precision of"
                            + " --against-weights.")
    private @Nullable String against;

    @Option(
            names = "--against-weights",
            paramLabel = "PRECISION",
            description = "How the original's weights are stored. Default: as those of the model.")
    private @Nullable Precision againstWeights;

    @Option(
            names = "--sts",
            paramLabel = "FILE",
            description =
                    "For a sentence encoder, in place of --text: pairs that people judged, in the"
                            + " form of the STS benchmark.")
    private @Nullable Path sts;

    @Mixin private PoolingOption pooling = new PoolingOption();
    @Mixin private EffortOptions effort = new EffortOptions();
    @Mixin private AppraisalOptions appraisal = new AppraisalOptions();
    @Mixin private JsonFile json = new JsonFile();

    EvaluateCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        json.check();
        String location = model.location(library);
        String originalLocation =
                against == null ? location : model.located(library, "--against", against);
        return Models.isEncoder(location)
                ? encoder(location, originalLocation)
                : decoder(location, originalLocation);
    }

    // The registration is only held, never asked.
    @SuppressWarnings("try")
    private int encoder(String location, String originalLocation) throws IOException {
        appraisal.requireNoText(location);
        if (!request().equals(EffortRequest.NONE)) {
            throw appraisal.usage(
                    "--effort: expected none for the sentence encoder %s, which has no gates, found one"
                            .formatted(location));
        }
        appraisal.checkRounds();
        if (sts == null) {
            throw appraisal.usage(
                    "--sts: expected pairs of sentences that %s, a sentence encoder, is judged by, found none"
                            .formatted(location));
        }
        if (originalLocation.equals(location) && model.plan().isEmpty()) {
            throw appraisal.usage(
                    "--against: expected another model, or a plan for the model, found the model itself");
        }
        EncoderTrial trial =
                new EncoderTrial(
                        location,
                        originalLocation,
                        model.measuredEncoding(pooling.value()),
                        model.plan(),
                        sts,
                        appraisal.rounds());
        EncoderReport report;
        try (Interrupts.Registration interrupt =
                terminal.interrupts().during(() -> interrupted.set(true))) {
            report = trial.run(terminal, interrupted::get);
        } catch (CancellationException e) {
            return cancelled();
        }
        terminal.out().print(report);
        json.write(report);
        return 0;
    }

    // The registration is only held, never asked.
    @SuppressWarnings("try")
    private int decoder(String location, String originalLocation) throws IOException {
        pooling.requireNone(location);
        if (sts != null) {
            throw appraisal.usage(
                    "--sts: expected it for a sentence encoder only, found it for the decoder %s; judge that by --text"
                            .formatted(location));
        }
        appraisal.check();
        EffortRequest request = request();
        Precision originalPrecision = againstWeights == null ? model.weights() : againstWeights;
        if (originalLocation.equals(location)
                && originalPrecision == model.weights()
                && model.plan().isEmpty()
                && model.measured().prefill().equals(PrefillOptions.NONE)
                && request.equals(EffortRequest.NONE)) {
            throw appraisal.usage(
                    "--against: expected another model, other --against-weights, an effort, or a plan for the model, found the model itself");
        }
        EvaluateReport report;
        try (Interrupts.Registration interrupt =
                        terminal.interrupts().during(() -> interrupted.set(true));
                OpenCandidate original =
                        ModelCandidates.original(
                                originalLocation,
                                model.measured()
                                        .withPlan(Plan.NONE)
                                        .withPrefill(PrefillOptions.NONE)
                                        .withPrecision(originalPrecision));
                OpenCandidate candidate = ModelCandidates.original(location, model.measured())) {
            report =
                    report(
                            original,
                            originalPrecision,
                            new OpenCandidate(
                                    candidate.model(),
                                    request,
                                    candidate.footprint(),
                                    candidate.closing()));
        } catch (CancellationException e) {
            return cancelled();
        }
        terminal.out().print(report);
        json.write(report);
        return 0;
    }

    private EffortRequest request() {
        try {
            return effort.over(EffortRequest.NONE);
        } catch (InvalidOptionException e) {
            throw WrongOption.of(spec.commandLine(), e);
        }
    }

    /** Tells the level of a candidate that is not measured whole, which it must have. */
    private String level(OpenCandidate candidate) {
        try {
            String name = candidate.model().efforts().choose(candidate.effort()).name();
            return candidate.effort().equals(EffortRequest.NONE) ? "" : ", effort " + name;
        } catch (InvalidOptionException e) {
            throw WrongOption.of(spec.commandLine(), e);
        }
    }

    private int cancelled() {
        terminal.err().println("ended by Ctrl-C");
        return CommandTree.INTERRUPTED;
    }

    private EvaluateReport report(
            OpenCandidate original, Precision originalPrecision, OpenCandidate candidate)
            throws IOException {
        int[] tokens = appraisal.limited(appraisal.tokens(original.model()));
        int contextLength =
                Math.min(
                        original.model().decoder().contextLength(),
                        candidate.model().decoder().contextLength());
        SlidingWindow window = appraisal.window(contextLength);
        LoadOptions loading = model.measured();
        String level = level(candidate);
        try (AppraisalProgress progress =
                new AppraisalProgress(terminal, "evaluate", interrupted::get)) {
            Evaluation evaluation =
                    appraisal
                            .appraiser(original, contextLength, tokens)
                            .appraise(candidate, progress);
            return EvaluateReport.of(
                    new EvaluateReport.Setting(
                            named(candidate, model.weights())
                                    + (model.plan().isEmpty() ? "" : ", " + model.plan().inOrder())
                                    + level,
                            named(original, originalPrecision),
                            appraisal.text().toString(),
                            window,
                            loading.threads()),
                    evaluation);
        }
    }

    private static String named(OpenCandidate opened, Precision precision) {
        return opened.model().name() + ", " + precision.name().toLowerCase(Locale.ROOT);
    }
}
