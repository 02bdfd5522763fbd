package dev.slipstream.samples.cli;

import dev.slipstream.decode.TextGenerator;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.LoadOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what it gains to decode texts together, to read prompts by pieces, and to remember. */
@Command(
        name = "throughput",
        description = "Measure many requests at once, on prompts of random tokens.",
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar throughput --threads 1 --streams 1,8"
                    + " --shared-prefix 400"
        })
final class ThroughputCommand implements Callable<Integer> {
    /** Enough for some prompts of thousands of tokens; taken only as it fills. */
    private static final long CACHE_BYTES = 1L << 30;

    private final Library library;
    private final BiFunction<String, LoadOptions, ? extends TextGenerator> batches;
    private final Terminal terminal;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private ModelOptions model = new ModelOptions();

    @Option(
            names = "--streams",
            paramLabel = "N",
            split = ",",
            description = "Numbers of texts at once; the first is compared with. Default: 1,2,4,8.")
    private List<Integer> streams = List.of(1, 2, 4, 8);

    @Option(
            names = "--prompt-tokens",
            paramLabel = "N",
            description = "Tokens of each prompt. Default: 64.")
    private int promptTokens = 64;

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            description = "Tokens of each text, at least 2. Default: 64.")
    private int maxTokens = 64;

    @Option(
            names = "--long-prompt",
            paramLabel = "N",
            description =
                    "Measure too how long short requests wait while a prompt of so many tokens is"
                            + " read.")
    private @Nullable Integer longPrompt;

    @Option(
            names = "--shared-prefix",
            paramLabel = "N",
            description = "Measure too what is saved where prompts begin with the same N tokens.")
    private @Nullable Integer sharedPrefix;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often each is measured, in turns. Default: 3.")
    private int rounds = 3;

    @Option(names = "--seed", paramLabel = "N", description = "Of the prompts. Default: 0.")
    private long seed;

    @Mixin private BlockFlags blocks = new BlockFlags();
    @Mixin private JsonFile json = new JsonFile();

    /**
     * Constructs the command.
     *
     * @param batches opens a model that decodes many requests together
     */
    ThroughputCommand(
            Library library,
            BiFunction<String, LoadOptions, ? extends TextGenerator> batches,
            Terminal terminal) {
        this.library = library;
        this.batches = batches;
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        json.check();
        Usage.requireAtLeast(spec, "--prompt-tokens", 1, promptTokens);
        Usage.requireAtLeast(spec, "--max-tokens", 2, maxTokens);
        Usage.requireAtLeast(spec, "--rounds", 1, rounds);
        streams.forEach(number -> Usage.requireAtLeast(spec, "--streams", 1, number));
        String location = model.location(library);
        LoadOptions loading =
                blocks.over(model.loading()).withRequests(Collections.max(streams) + 1, 0);
        Random random = new Random(seed);
        List<ThroughputReport.Streams> rates;
        ThroughputReport.LongPrompt waits = null;
        String name;
        try (TextGenerator generator = batches.apply(location, loading)) {
            name = generator.name();
            requireRoom(generator, promptTokens + maxTokens, "--prompt-tokens and --max-tokens");
            RandomPrompts prompts = new RandomPrompts(generator.vocabularySize(), random);
            rates = rates(generator, prompts);
            if (longPrompt != null) {
                waits = waits(generator, prompts, longPrompt);
            }
        }
        ThroughputReport.SharedPrefix savings =
                sharedPrefix == null ? null : savings(location, loading, sharedPrefix, random);
        int threads = loading.threads();
        ThroughputReport report =
                new ThroughputReport(
                        "throughput",
                        name,
                        model.weights().name().toLowerCase(Locale.ROOT),
                        threads == 0 ? RuntimeOptions.defaultThreads() : threads,
                        promptTokens,
                        maxTokens,
                        rounds,
                        rates,
                        waits,
                        savings);
        terminal.out().print(report);
        json.write(report);
        return 0;
    }

    private List<ThroughputReport.Streams> rates(TextGenerator generator, RandomPrompts prompts) {
        // What the first runs of each size allocate is not measured.
        new StreamRates(generator, prompts, promptTokens, 2).measure(Collections.max(streams));
        StreamRates rates = new StreamRates(generator, prompts, promptTokens, maxTokens);
        int each = streams.stream().mapToInt(Integer::intValue).sum() * maxTokens;
        List<Integer> order = new ArrayList<>(streams);
        try (Progress bar = new Progress(terminal, "streams", " texts", rounds * each)) {
            int done = 0;
            for (int round = 0; round < rounds; round++) {
                for (int number : order) {
                    rates.measure(number);
                    done += number * maxTokens;
                    bar.accept(done);
                }
                Collections.reverse(order);
            }
        }
        return rates.rates(streams);
    }

    private ThroughputReport.LongPrompt waits(
            TextGenerator generator, RandomPrompts prompts, int tokens) {
        Usage.requireAtLeast(spec, "--long-prompt", 1, tokens);
        requireRoom(generator, tokens + 1, "--long-prompt");
        LongPrompt waits = new LongPrompt(generator, prompts, tokens, promptTokens);
        try (Progress bar = new Progress(terminal, "long prompt", " tokens", rounds * tokens)) {
            for (int round = 1; round <= rounds; round++) {
                waits.measure();
                bar.accept(round * tokens);
            }
        }
        return waits.report();
    }

    private ThroughputReport.SharedPrefix savings(
            String location, LoadOptions loading, int tokens, Random random) {
        Usage.requireAtLeast(spec, "--shared-prefix", 1, tokens);
        LoadOptions remembering = loading.withCache(new CacheOptions(CACHE_BYTES, null));
        try (TextGenerator generator = batches.apply(location, remembering);
                Progress bar =
                        new Progress(terminal, "shared prefix", " tokens", rounds * tokens)) {
            requireRoom(generator, SharedPrefix.length(tokens) + 1, "--shared-prefix");
            RandomPrompts prompts = new RandomPrompts(generator.vocabularySize(), random);
            new SharedPrefix(generator, prompts, promptTokens).measure();
            SharedPrefix savings = new SharedPrefix(generator, prompts, tokens);
            for (int round = 1; round <= rounds; round++) {
                savings.measure();
                bar.accept(round * tokens);
            }
            return savings.report();
        }
    }

    private void requireRoom(TextGenerator generator, int tokens, String option) {
        if (tokens > generator.contextLength()) {
            throw Usage.error(
                    spec,
                    "%s: expected at most the context length of %d tokens in all, found %d; ask for fewer, or see --context-length"
                            .formatted(option, generator.contextLength(), tokens));
        }
    }
}
