package dev.slipstream.samples.cli;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.evaluate.Appraiser;
import dev.slipstream.evaluate.Candidate;
import dev.slipstream.evaluate.CandidateOpener;
import dev.slipstream.evaluate.Evaluation;
import dev.slipstream.evaluate.Frontier;
import dev.slipstream.evaluate.FrontierPoint;
import dev.slipstream.evaluate.Methods;
import dev.slipstream.evaluate.OpenCandidate;
import dev.slipstream.evaluate.Setting;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.pass.CalibrationText;
import dev.slipstream.pass.PassException;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.ModelCandidates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sweeps methods and their combinations, and shows what speed costs in quality. */
@Command(
        name = "frontier",
        description = {
            "Sweep methods that make a model faster, and their combinations, and write a page that"
                    + " shows what each costs on your text and machine.",
            "One thread unless --threads says otherwise."
        },
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar frontier --model m --weights fp32 --text book.txt"
                    + " --methods finercut,quantise --out report.html"
        })
final class FrontierCommand implements Callable<Integer> {
    private final Library library;
    private final Terminal terminal;
    private final AtomicBoolean interrupted = new AtomicBoolean();

    @Mixin private ModelOptions model = new ModelOptions();
    @Mixin private AppraisalOptions appraisal = new AppraisalOptions();

    @Option(
            names = "--methods",
            paramLabel = "NAME",
            split = ",",
            description = "What to sweep, by commas. Default: all but the baselines.")
    private List<String> methods = List.of();

    @Option(
            names = "--setting",
            paramLabel = "PASS",
            description =
                    "Try this setting of a pass, such as finercut:remove=0.25 or"
                            + " ffn-skip:share=0.3@balanced, instead of its method's usual ones;"
                            + " may be repeated.")
    private List<String> settings = List.of();

    @Option(
            names = "--points",
            paramLabel = "N",
            description =
                    "Try so many plans at most; a third of them is kept for combinations."
                            + " Default: 24.")
    private int points = 24;

    @Option(
            names = "--limit-minutes",
            paramLabel = "N",
            description = "Begin no plan after so many minutes. Default: 240.")
    private int minutes = 240;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            required = true,
            description = "The page to write; it needs nothing beside it.")
    private Path page = Path.of("");

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the same facts as JSON to this file.")
    private @Nullable Path json;

    FrontierCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    @Override
    // The registration is only held, never asked.
    @SuppressWarnings("try")
    public Integer call() throws IOException {
        OutputFile.check("--out", page);
        if (json != null) {
            OutputFile.check("--json", json);
        }
        appraisal.check();
        if (minutes < 1) {
            throw appraisal.usage("--limit-minutes: expected 1 or more, found " + minutes);
        }
        if (!model.plan().isEmpty()) {
            throw appraisal.usage(
                    "--plan, --pass and --gate: expected none of them, as a sweep begins with the untouched model; name what to try with --setting");
        }
        Frontier frontier = frontier();
        String location = model.location(library);
        LoadOptions loading = model.measured().withPlan(Plan.NONE);
        FrontierReport report;
        try (Interrupts.Registration interrupt =
                        terminal.interrupts().during(() -> interrupted.set(true));
                OpenCandidate original = ModelCandidates.original(location, loading)) {
            report = sweep(frontier, location, original);
        } catch (UncheckedIOException e) {
            throw new IOException(e.getCause().getMessage(), e);
        }
        terminal.out().print(report);
        return interrupted.get() ? CommandTree.INTERRUPTED : 0;
    }

    private Frontier frontier() {
        try {
            List<Setting> own = settings.stream().map(Setting::parse).toList();
            List<String> names = methods.isEmpty() && own.isEmpty() ? Methods.usual() : methods;
            return new Frontier(Methods.of(names, own), points, Duration.ofMinutes(minutes));
        } catch (PassException | IllegalArgumentException e) {
            throw appraisal.usage("--methods, --setting, --points: " + e.getMessage());
        }
    }

    private FrontierReport sweep(Frontier frontier, String location, OpenCandidate original)
            throws IOException {
        LanguageModel opened = original.model();
        LoadOptions loading = model.measured().withPlan(Plan.NONE);
        int[] tokens = appraisal.tokens(opened);
        CalibrationText other = model.plan().calibration();
        JudgedText parts =
                JudgedText.of(
                        tokens,
                        other,
                        opened,
                        new RuntimeOptions(loading.threads(), loading.spinning(), 1));
        int[] judged = appraisal.limited(parts.tokens());
        Appraiser appraiser =
                appraisal.appraiser(original, opened.decoder().contextLength(), judged);
        CandidateOpener opener =
                new ModelCandidates(location, loading, opened, parts.calibration());
        SlidingWindow window = appraisal.window(opened.decoder().contextLength());
        FrontierReport.Setting setting =
                new FrontierReport.Setting(
                        location,
                        model.weights().name().toLowerCase(Locale.ROOT),
                        loading.threads(),
                        appraisal.text().toString(),
                        other == null
                                ? List.of(appraisal.text().toString())
                                : other.files().stream().map(Path::toString).toList(),
                        other == null,
                        judged.length,
                        parts.calibration().sequences().size(),
                        parts.calibration().sequences().get(0).length,
                        window.length(),
                        window.stride(),
                        appraisal.maxTokens(),
                        appraisal.rounds(),
                        frontier.methods().stream().map(method -> method.name()).toList(),
                        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        Sweep sweep = new Sweep(frontier, appraiser, opener);
        FrontierFiles files = new FrontierFiles(page, json, opened.name(), setting);
        return sweep.run(files);
    }

    /** One sweep, written down as it goes on. */
    private final class Sweep {
        private final Frontier frontier;
        private final Appraiser appraiser;
        private final CandidateOpener opener;
        private String now = "";

        Sweep(Frontier frontier, Appraiser appraiser, CandidateOpener opener) {
            this.frontier = frontier;
            this.appraiser = appraiser;
            this.opener = opener;
        }

        FrontierReport run(FrontierFiles files) throws IOException {
            List<FrontierPoint> found =
                    frontier.sweep(
                            this::evaluation,
                            new Frontier.Listener() {
                                @Override
                                public void begins(int number, Candidate candidate) {
                                    now =
                                            "%d/%d %s"
                                                    .formatted(
                                                            number,
                                                            frontier.points(),
                                                            candidate.plan());
                                }

                                @Override
                                public void found(List<FrontierPoint> points) {
                                    tell(files, points);
                                }
                            });
            return files.write(
                    interrupted.get()
                            ? FrontierReport.State.INTERRUPTED
                            : FrontierReport.State.DONE,
                    found);
        }

        private Evaluation evaluation(Candidate candidate) {
            try (AppraisalProgress progress =
                            new AppraisalProgress(terminal, now, interrupted::get);
                    OpenCandidate open = opener.open(candidate, progress)) {
                return appraiser.appraise(open, progress);
            }
        }

        private void tell(FrontierFiles files, List<FrontierPoint> points) {
            try {
                FrontierReport report = files.write(FrontierReport.State.RUNNING, points);
                FrontierReport.Point last = report.points().get(points.size() - 1);
                terminal.err().println(now + "  " + last.inOneLine());
                terminal.err().flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
