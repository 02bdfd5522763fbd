package dev.slipstream.samples.cli;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.evaluate.Evaluation;
import dev.slipstream.evaluate.OpenCandidate;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.pass.Plan;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.ModelCandidates;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures a changed model against the original: what it lost, what it won. */
@Command(
        name = "evaluate",
        description = {
            "Measure a model against the original that it was made from: perplexity, agreement,"
                    + " speed and size, both in turns in one run.",
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

    @Mixin private AppraisalOptions appraisal = new AppraisalOptions();
    @Mixin private JsonFile json = new JsonFile();

    EvaluateCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    @Override
    // The registration is only held, never asked.
    @SuppressWarnings("try")
    public Integer call() throws IOException {
        json.check();
        appraisal.check();
        String location = model.location(library);
        String originalLocation =
                against == null ? location : model.located(library, "--against", against);
        Precision originalPrecision = againstWeights == null ? model.weights() : againstWeights;
        if (originalLocation.equals(location)
                && originalPrecision == model.weights()
                && model.plan().isEmpty()) {
            throw appraisal.usage(
                    "--against: expected another model, other --against-weights, or a plan for the model, found the model itself");
        }
        EvaluateReport report;
        try (Interrupts.Registration interrupt =
                        terminal.interrupts().during(() -> interrupted.set(true));
                OpenCandidate original =
                        ModelCandidates.original(
                                originalLocation,
                                model.measured()
                                        .withPlan(Plan.NONE)
                                        .withPrecision(originalPrecision));
                OpenCandidate candidate = ModelCandidates.original(location, model.measured())) {
            report = report(original, originalPrecision, candidate);
        } catch (CancellationException e) {
            terminal.err().println("ended by Ctrl-C");
            return CommandTree.INTERRUPTED;
        }
        terminal.out().print(report);
        json.write(report);
        return 0;
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
        try (AppraisalProgress progress =
                new AppraisalProgress(terminal, "evaluate", interrupted::get)) {
            Evaluation evaluation =
                    appraisal
                            .appraiser(original, contextLength, tokens)
                            .appraise(candidate, progress);
            return EvaluateReport.of(
                    new EvaluateReport.Setting(
                            named(candidate, model.weights())
                                    + (model.plan().isEmpty() ? "" : ", " + model.plan().inOrder()),
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
