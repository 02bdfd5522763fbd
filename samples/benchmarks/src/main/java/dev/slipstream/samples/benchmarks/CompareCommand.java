package dev.slipstream.samples.benchmarks;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.ComparisonPlan.Part;
import dev.slipstream.samples.benchmarks.page.Page;
import dev.slipstream.samples.benchmarks.result.Machine;
import dev.slipstream.samples.benchmarks.result.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Compares Slipstream with its peers from end to end, and writes the page of it. */
@Command(
        name = "compare",
        description = {
            "Compare with the peers on the same weights and write the page of it: OUT, its plots in"
                    + " images/ and every value in a JSON file beside it."
        },
        sortOptions = false,
        mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {
    private static final List<Integer> QUICK_PREFILL = List.of(32);
    private static final List<Integer> QUICK_PROMPTS = List.of(0, 64);

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--shapes",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Models: smollm2-135m and llama-3.2-1b (random weights), storyteller-7m,"
                            + " babyllama105 and stories260k (real ones), or directories."
                            + " Default: smollm2-135m,storyteller-7m.")
    private List<String> shapes = List.of("smollm2-135m", "storyteller-7m");

    @Option(
            names = "--weights",
            paramLabel = "PRECISION",
            split = ",",
            description = "int4, int8, fp32, by commas. Default: int4.")
    private List<Precision> weights = List.of(Precision.INT4);

    @Option(
            names = "--threads",
            paramLabel = "N",
            split = ",",
            description = "Numbers of threads, by commas. Default: 1,2.")
    private List<Integer> threads = List.of(1, 2);

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often each is measured, in turns. Default: 5.")
    private @Nullable Integer rounds;

    @Option(
            names = "--prefill",
            paramLabel = "N",
            split = ",",
            description = "Tokens of prompts that are read. Default: 128,512.")
    private @Nullable List<Integer> prefill;

    @Option(
            names = "--prompts",
            paramLabel = "N",
            split = ",",
            description = "Tokens before decoding begins. Default: 0,512,2048.")
    private @Nullable List<Integer> prompts;

    @Option(names = "--tokens", paramLabel = "N", description = "Tokens to decode. Default: 128.")
    private @Nullable Integer tokens;

    @Option(
            names = "--streams",
            paramLabel = "N",
            split = ",",
            description = "Numbers of texts at once. Default: 1,2,4,8.")
    private List<Integer> streams = List.of(1, 2, 4, 8);

    @Option(
            names = "--parts",
            paramLabel = "PART",
            split = ",",
            description = "What is measured: ${COMPLETION-CANDIDATES}. Default: all.")
    private Set<Part> parts = EnumSet.allOf(Part.class);

    @Option(
            names = "--contenders",
            paramLabel = "NAME",
            split = ",",
            description = "Only those whose names begin so. Default: all that there are.")
    private List<String> contenders = List.of();

    @Option(
            names = "--llama-bench",
            paramLabel = "PATH",
            description = "llama.cpp's llama-bench, to take part too.")
    private @Nullable Path llamaBench;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description = "Where Slipstream computes: cpu or gpu. Default: cpu.")
    private String device = "cpu";

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description =
                    "A setting of Slipstream's process, such as spinning=on; may be repeated.")
    private List<String> settings = List.of();

    @Option(
            names = "--text",
            paramLabel = "FILE",
            description = "A text to judge settings by that change what is written.")
    private @Nullable Path text;

    @Option(
            names = "--calibration-text",
            paramLabel = "FILE",
            description = "Another text, for passes to look at.")
    private @Nullable Path calibration;

    @Option(
            names = "--quick",
            description = "One round of little, to see that it works. Its numbers mean nothing.")
    private boolean quick;

    @Option(
            names = "--foreign-limit",
            paramLabel = "SHARE",
            description =
                    "The share of the machine that other processes may use during a run before it is"
                            + " marked. Default: 0.06.")
    private double foreignLimit = 0.06;

    @Option(names = "--quiet-only", description = "Leave marked runs out of the page.")
    private boolean quietOnly;

    @Option(
            names = "--limit",
            paramLabel = "SECONDS",
            description = "The longest wait for one run. Default: 600.")
    private int limit = 600;

    @Option(
            names = "--longest-run",
            paramLabel = "SECONDS",
            description =
                    "A run that takes a contender longer is not repeated, and none like it with a"
                            + " longer prompt is begun. Default: 30.")
    private double longestRun = 30;

    @Option(
            names = "--work",
            paramLabel = "DIR",
            description = "Weights, kept for next time, and logs. Default: benchmarks-work.")
    private Path work = Path.of("benchmarks-work");

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "The page. Default: docs/benchmarks.md.")
    private Path out = Path.of("docs", "benchmarks.md");

    @Option(
            names = "--from",
            paramLabel = "FILE",
            description =
                    "Write the page from this JSON file and measure nothing; may be repeated, for"
                            + " parts that were measured one by one.")
    private List<Path> from = List.of();

    @Override
    public Integer call() throws IOException {
        if (!from.isEmpty()) {
            Results results = Results.read(from.get(0));
            for (Path more : from.subList(1, from.size())) {
                results = results.with(Results.read(more));
            }
            write(results);
            return 0;
        }
        check();
        Files.createDirectories(work);
        Contenders all = new Contenders(llamaBench, settings(), contenders);
        Machine started = MachineReader.read();
        Comparison comparison = new Comparison(plan(), all::of, this::say);
        Contenders.missing().forEach((name, why) -> comparison.findings().missing(name, why));
        comparison.run(() -> write(results(comparison.findings(), started)));
        write(results(comparison.findings(), started));
        say("written: " + out);
        return 0;
    }

    private void check() {
        atLeast("--rounds", 1, rounds == null ? List.of() : List.of(rounds));
        atLeast("--tokens", 1, tokens == null ? List.of() : List.of(tokens));
        atLeast("--threads", 1, threads);
        atLeast("--streams", 1, streams);
        atLeast("--prefill", 1, prefill == null ? List.of() : prefill);
        atLeast("--prompts", 0, prompts == null ? List.of() : prompts);
        if (!device.equals("cpu") && !device.equals("gpu")) {
            throw usage("--device: expected cpu or gpu, found " + device);
        }
        if (llamaBench != null && !Files.isExecutable(llamaBench)) {
            throw usage("--llama-bench: expected a program, found none at " + llamaBench);
        }
    }

    private ComparisonPlan plan() {
        int usual = quick ? 1 : 5;
        return new ComparisonPlan(
                work,
                shapes,
                weights,
                threads,
                rounds == null ? usual : rounds,
                prefill != null ? prefill : quick ? QUICK_PREFILL : List.of(128, 512),
                prompts != null ? prompts : quick ? QUICK_PROMPTS : List.of(0, 512, 2048),
                tokens != null ? tokens : quick ? 16 : 128,
                streams,
                parts,
                Duration.ofSeconds(limit),
                longestRun,
                text,
                calibration);
    }

    private List<String> settings() {
        List<String> all = new ArrayList<>(settings);
        if (!device.equals("cpu")) {
            all.add("device=" + device);
        }
        return all;
    }

    private Results results(Findings found, Machine started) {
        ComparisonPlan plan = plan();
        return new Results(
                command(),
                plan.rounds(),
                plan.tokens(),
                foreignLimit,
                quietOnly,
                started.with(found.versions),
                found.bandwidth,
                found.samples,
                found.traffic,
                found.operators,
                found.lossy,
                found.notes);
    }

    private void write(Results results) throws IOException {
        Path absolute = out.toAbsolutePath();
        Files.createDirectories(absolute.getParent());
        String name = absolute.getFileName().toString().replaceFirst("\\.md$", "") + ".json";
        results.write(absolute.resolveSibling(name));
        new Page(results).write(absolute);
    }

    /** Says again what was asked, without the places that mean nothing elsewhere. */
    private String command() {
        List<String> words = new ArrayList<>(List.of("java -jar benchmarks.jar compare"));
        for (var argument : spec.commandLine().getParseResult().matchedOptions()) {
            String name = argument.longestName();
            if (!List.of("--work", "--out", "--llama-bench", "--text", "--calibration-text")
                    .contains(name)) {
                String values = String.join(",", argument.originalStringValues());
                words.add(argument.arity().max() == 0 ? name : name + " " + values);
            } else if (!name.equals("--work") && !name.equals("--out")) {
                words.add(name + " FILE");
            }
        }
        return String.join(" ", words);
    }

    private void say(String what) {
        spec.commandLine().getErr().println(what);
        spec.commandLine().getErr().flush();
    }

    private void atLeast(String option, int least, List<Integer> values) {
        for (int value : values) {
            if (value < least) {
                throw usage(option + ": expected " + least + " or more, found " + value);
            }
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
