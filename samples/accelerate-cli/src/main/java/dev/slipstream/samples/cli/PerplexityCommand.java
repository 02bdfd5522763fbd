package dev.slipstream.samples.cli;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.evaluate.Perplexity;
import dev.slipstream.evaluate.PerplexityMeter;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.pass.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

/** Measures how well a model foretells a text, in one or several precisions. */
@Command(
        name = "perplexity",
        description = "Measure how well a model foretells a text.",
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar perplexity --text book.txt --weights int4"
                    + " --against-weights fp32"
        })
final class PerplexityCommand implements Callable<Integer> {
    private final Library library;
    private final Terminal terminal;
    private final AtomicBoolean interrupted = new AtomicBoolean();

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private ModelOptions model = new ModelOptions();

    @Option(
            names = "--text",
            paramLabel = "FILE",
            required = true,
            description = "A UTF-8 text, plain or packed with gzip.")
    private Path text = Path.of("");

    @Option(
            names = "--window",
            paramLabel = "N",
            description = "Tokens of a window. Default: the context length, at most 512.")
    private @Nullable Integer window;

    @Option(
            names = "--stride",
            paramLabel = "N",
            description =
                    "Tokens from one window to the next; what overlaps is context. Default: half"
                            + " of the window.")
    private @Nullable Integer stride;

    @Option(
            names = "--limit-tokens",
            paramLabel = "N",
            description = "Read only so many tokens of the text.")
    private @Nullable Integer limit;

    @Option(
            names = "--against-weights",
            paramLabel = "PRECISION",
            split = ",",
            description = "Measure these precisions too and show the differences; may be repeated.")
    private List<Precision> against = List.of();

    @Mixin private JsonFile json = new JsonFile();

    PerplexityCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    @Override
    // The registration is only held, never asked.
    @SuppressWarnings("try")
    public Integer call() throws IOException {
        json.check();
        if (limit != null && limit < 1) {
            throw Usage.error(spec, "--limit-tokens: expected 1 or more, found " + limit);
        }
        String content = TextFile.read(text);
        String location = model.location(library);
        List<Precision> precisions = new ArrayList<>(List.of(model.weights()));
        precisions.addAll(against);
        PerplexityReport report = null;
        try (Interrupts.Registration interrupt =
                terminal.interrupts().during(() -> interrupted.set(true))) {
            for (Precision precision : precisions.stream().distinct().toList()) {
                report = measure(location, precision, content, report);
            }
        } catch (CancellationException e) {
            terminal.err().println("ended by Ctrl-C");
            return CommandTree.INTERRUPTED;
        }
        if (report != null) {
            terminal.out().print(report);
            json.write(report);
        }
        return 0;
    }

    private PerplexityReport measure(
            String location,
            Precision precision,
            String content,
            @Nullable PerplexityReport before) {
        String weights = precision.name().toLowerCase(Locale.ROOT);
        long start = System.nanoTime();
        try (LanguageModel opened =
                library.models().apply(location, model.loading().withPrecision(precision))) {
            double load = secondsSince(start);
            SlidingWindow cut = window(opened.decoder().contextLength());
            PerplexityMeter meter = new PerplexityMeter(opened.decoder(), cut, opened.beginToken());
            int[] tokens = tokens(opened.tokenizer(), content);
            int first = Math.min(meter.firstForetold(), tokens.length);
            String foretold = opened.tokenizer().decode(tokens, first, tokens.length);
            start = System.nanoTime();
            Perplexity measured;
            try (Progress bar = new Progress(terminal, weights, " tokens", tokens.length)) {
                measured =
                        meter.measure(
                                tokens,
                                foretold.codePointCount(0, foretold.length()),
                                done -> {
                                    if (interrupted.get()) {
                                        throw new CancellationException();
                                    }
                                    bar.accept(done);
                                });
            }
            List<PerplexityReport.Result> results =
                    new ArrayList<>(before == null ? List.of() : before.results());
            results.add(PerplexityReport.Result.of(weights, measured, load, secondsSince(start)));
            return new PerplexityReport(
                    "perplexity",
                    opened.name(),
                    text.toString(),
                    measured.tokens(),
                    measured.characters(),
                    cut.length(),
                    cut.stride(),
                    results);
        }
    }

    private int[] tokens(Tokenizer tokenizer, String content) {
        int[] tokens = tokenizer.encode(content, Tokenizer.SpecialTokens.AS_WRITTEN);
        return limit == null ? tokens : Arrays.copyOf(tokens, Math.min(limit, tokens.length));
    }

    private SlidingWindow window(int contextLength) {
        try {
            SlidingWindow usual =
                    window == null
                            ? SlidingWindow.within(contextLength)
                            : SlidingWindow.halfOverlapping(window);
            if (usual.length() > contextLength) {
                throw Usage.error(
                        spec,
                        "--window: expected at most the model's context length %d, found %d"
                                .formatted(contextLength, usual.length()));
            }
            return stride == null ? usual : new SlidingWindow(usual.length(), stride);
        } catch (IllegalArgumentException e) {
            throw Usage.error(spec, "--window and --stride: " + e.getMessage());
        }
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
