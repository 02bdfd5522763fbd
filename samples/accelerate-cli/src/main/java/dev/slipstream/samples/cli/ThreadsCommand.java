package dev.slipstream.samples.cli;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.zoo.LoadOptions;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what threads bring, and what their waits cost beside busy processes. */
@Command(
        name = "threads",
        description = {
            "Measure one thread against several, whose waits are of each kind, in turns: alone, and"
                    + " beside processes that burn a processor each.",
            "--threads says how many they are; if left out, half of the processors, at least 2."
        },
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar threads --weights int4 --threads 2 --neighbours 0,1"
        })
final class ThreadsCommand implements Callable<Integer> {
    private final Library library;
    private final Terminal terminal;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private ModelOptions model = new ModelOptions();

    @Option(
            names = "--neighbours",
            paramLabel = "N",
            split = ",",
            description =
                    "Numbers of processes that burn a processor each; the first is compared with."
                            + " Default: 0,1.")
    private List<Integer> neighbours = List.of(0, 1);

    @Option(
            names = "--prompt-tokens",
            paramLabel = "N",
            description = "Random tokens before each text. Default: 16.")
    private int promptTokens = 16;

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            description = "Tokens of each text, at least 2. Default: 64.")
    private int maxTokens = 64;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often each is measured. Default: 9.")
    private int rounds = 9;

    @Mixin private JsonFile json = new JsonFile();

    ThreadsCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        json.check();
        Usage.requireAtLeast(spec, "--prompt-tokens", 1, promptTokens);
        Usage.requireAtLeast(spec, "--max-tokens", 2, maxTokens);
        Usage.requireAtLeast(spec, "--rounds", 1, rounds);
        neighbours.forEach(number -> Usage.requireAtLeast(spec, "--neighbours", 0, number));
        if (spec.commandLine().getParseResult().hasMatchedOption("--spinning")) {
            throw Usage.error(
                    spec, "--spinning: expected none, for every kind of waits is measured");
        }
        String location = model.location(library);
        Map<ThreadsReport.Setting, TextGenerator> open = new LinkedHashMap<>();
        ThreadsReport report;
        try {
            for (ThreadsReport.Setting setting : settings()) {
                LoadOptions loading =
                        model.loading()
                                .withThreads(setting.threads())
                                .withSpinning(setting.spinning());
                open.put(setting, library.generators().apply(location, loading));
            }
            report = measure(open);
        } finally {
            open.values().forEach(TextGenerator::close);
        }
        terminal.out().print(report);
        json.write(report);
        return 0;
    }

    private List<ThreadsReport.Setting> settings() {
        int asked = model.loading().threads();
        if (asked == 1) {
            throw Usage.error(
                    spec,
                    "--threads: expected 2 or more, for one thread waits for nobody, found 1");
        }
        int threads = asked == 0 ? Math.max(2, RuntimeOptions.defaultThreads()) : asked;
        List<ThreadsReport.Setting> settings = new ArrayList<>();
        settings.add(new ThreadsReport.Setting(1, Spinning.OFF));
        for (Spinning spinning : Spinning.values()) {
            settings.add(new ThreadsReport.Setting(threads, spinning));
        }
        return settings;
    }

    private ThreadsReport measure(Map<ThreadsReport.Setting, TextGenerator> open)
            throws IOException {
        TextGenerator any = open.values().iterator().next();
        if (promptTokens + maxTokens > any.contextLength()) {
            throw Usage.error(
                    spec,
                    "--prompt-tokens and --max-tokens: expected at most the context length of %d in all, found %d"
                            .formatted(any.contextLength(), promptTokens + maxTokens));
        }
        Prompt prompt = new RandomPrompts(any.vocabularySize(), new Random(0)).next(promptTokens);
        List<ThreadsReport.Beside> all = new ArrayList<>();
        try (Progress bar =
                new Progress(
                        terminal, "threads", " texts", texts(open.size(), neighbours.size()))) {
            for (int number : neighbours) {
                all.add(beside(number, open, prompt, all, bar));
            }
        }
        return new ThreadsReport(
                "threads",
                any.name(),
                model.weights().name().toLowerCase(Locale.ROOT),
                promptTokens,
                maxTokens,
                rounds,
                all);
    }

    private int texts(int settings, int numbers) {
        return settings * numbers * (rounds + 1);
    }

    private ThreadsReport.Beside beside(
            int number,
            Map<ThreadsReport.Setting, TextGenerator> open,
            Prompt prompt,
            List<ThreadsReport.Beside> earlier,
            Progress bar)
            throws IOException {
        Map<ThreadsReport.Setting, Samples> rates = new LinkedHashMap<>();
        Samples loads = new Samples();
        Deque<BusyNeighbour> busy = new ArrayDeque<>();
        try {
            while (busy.size() < number) {
                busy.push(new BusyNeighbour());
            }
            List<ThreadsReport.Setting> order = new ArrayList<>(open.keySet());
            order.forEach(setting -> rates.put(setting, new Samples()));
            int done = texts(open.size(), earlier.size());
            for (int round = 0; round <= rounds; round++) {
                for (ThreadsReport.Setting setting : order) {
                    OtherLoad others = new OtherLoad();
                    double rate = rate(open.get(setting), prompt);
                    Double load = others.processors();
                    // What the first round's runs allocate is not measured.
                    if (round > 0) {
                        rates.get(setting).add(rate);
                        if (load != null) {
                            loads.add(load);
                        }
                    }
                    bar.accept(++done);
                }
                Collections.reverse(order);
            }
        } finally {
            busy.forEach(BusyNeighbour::close);
        }
        List<ThreadsReport.Rate> measured = new ArrayList<>();
        for (Map.Entry<ThreadsReport.Setting, Samples> entry : rates.entrySet()) {
            double median = entry.getValue().median();
            double first =
                    earlier.isEmpty()
                            ? median
                            : earlier.get(0).rates().get(measured.size()).tokensPerSecond();
            measured.add(
                    new ThreadsReport.Rate(
                            entry.getKey(),
                            median,
                            entry.getValue().quantile(0),
                            entry.getValue().quantile(1),
                            median / first));
        }
        return new ThreadsReport.Beside(
                number, loads.size() == 0 ? null : loads.median(), measured);
    }

    /** Returns the tokens a second after the first one. */
    private double rate(TextGenerator generator, Prompt prompt) {
        GenerationOptions options = StreamRates.wholeTexts(maxTokens);
        try (TokenStream stream = generator.stream(prompt, options)) {
            Statistics used = stream.readAll().statistics();
            double seconds = StreamRates.seconds(used.elapsed().minus(used.timeToFirstToken()));
            return (used.generatedTokens() - 1) / seconds;
        }
    }
}
