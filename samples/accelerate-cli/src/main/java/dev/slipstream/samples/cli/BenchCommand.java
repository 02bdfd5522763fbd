package dev.slipstream.samples.cli;

import dev.slipstream.decode.AcceptanceRule;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Prompt;
import dev.slipstream.zoo.BlockOptions;
import dev.slipstream.zoo.DecoderKind;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.DrafterKind;
import dev.slipstream.zoo.LoadOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what drafters bring: plain and speculative decoding side by side. */
@Command(
        name = "bench",
        description = {
            "Measure drafters against plain decoding: every prompt is continued in both ways, one"
                    + " right after the other.",
            "Texts are greedy and of 64 tokens at most unless options say otherwise."
        },
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar bench --prompts builtin,questions.jsonl --drafter"
                    + " prompt-lookup,slice"
        })
final class BenchCommand implements Callable<Integer> {
    private static final int MAX_TOKENS = 64;
    private static final int PASSAGE = 128;

    private final Library library;
    private final Terminal terminal;
    private final Answers answers = new Answers();

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private ModelOptions model = new ModelOptions();

    @Option(
            names = "--prompts",
            paramLabel = "SET",
            split = ",",
            description =
                    "Files of prompts, by commas: .jsonl (the field prompt, question or turns),"
                            + " .lines (a prompt a line) or .txt (cut into passages), plain or"
                            + " packed with gzip; or builtin (beginnings of stories),"
                            + " builtin:repeat (texts that repeat themselves) or builtin:random"
                            + " (words in random order). Default: builtin.")
    private List<String> places = List.of(BuiltinPrompts.STORIES);

    @Option(
            names = "--by-category",
            description = "Make a set of each category that a .jsonl file names.")
    private boolean byCategory;

    @Option(
            names = "--limit-prompts",
            paramLabel = "N",
            description = "Take only so many prompts of each set, evenly spread over it.")
    private @Nullable Integer limit;

    @Option(
            names = "--prompt-tokens",
            paramLabel = "N",
            description =
                    "Cut longer prompts to their last N tokens, and running texts into passages of N"
                            + " tokens. Default: what the context leaves, and 128.")
    private @Nullable Integer promptTokens;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often all prompts are decoded. Default: 3.")
    private int rounds = 3;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description =
                    "Prompts of each set that are decoded before anything is measured. Default: 2.")
    private int warmUp = 2;

    @Option(
            names = "--drafter",
            paramLabel = "NAME",
            split = ",",
            description =
                    "The drafters to measure, by commas: "
                            + DraftingOptions.DRAFTERS
                            + ", which shows the noise. Default: prompt-lookup.")
    private List<String> drafters = List.of(DrafterKind.PROMPT_LOOKUP.label());

    @Mixin private DraftingOptions drafting = new DraftingOptions();
    @Mixin private SamplingOptions sampling = new SamplingOptions();
    @Mixin private JsonFile json = new JsonFile();

    BenchCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        json.check();
        atLeast("--limit-prompts", 1, limit);
        atLeast("--prompt-tokens", 1, promptTokens);
        atLeast("--rounds", 1, rounds);
        atLeast("--warm-up", 0, warmUp);
        try {
            return run(
                    sampling.over(GenerationOptions.builder().maxTokens(MAX_TOKENS).build()),
                    drafters.stream().map(drafting::of).distinct().toList());
        } catch (InvalidOptionException e) {
            throw sampling.usage(e);
        }
    }

    // The registration is only held, never asked.
    @SuppressWarnings("try")
    private int run(GenerationOptions options, List<DraftOptions> drafts) throws IOException {
        // The first token comes with the prompt: decoding is what follows.
        atLeast("--max-tokens", 2, options.maxTokens());
        if (drafts.stream().allMatch(each -> each.drafter() == DrafterKind.NONE)) {
            drafting.refuseAll();
        }
        List<PromptSet> sets = sets();
        String location = model.location(library);
        BenchReport report;
        try (Interrupts.Registration interrupt = terminal.interrupts().during(answers::end);
                Contest contest = new Contest(library, location, plainly(), drafts, answers)) {
            report = measure(contest, sets, options, check(options, drafts));
        }
        terminal.out().print(report);
        json.write(report);
        if (report.interrupted()) {
            terminal.err().println("ended by Ctrl-C: this is what was measured until then");
            return CommandTree.INTERRUPTED;
        }
        return 0;
    }

    /** Drafts are of texts that are written token by token, and so is what they stand against. */
    private LoadOptions plainly() {
        return model.loading().withBlocks(BlockOptions.of(DecoderKind.AUTOREGRESSIVE));
    }

    private List<PromptSet> sets() throws IOException {
        List<PromptSet> sets = new ArrayList<>();
        for (String place : places) {
            if (BuiltinPrompts.names().contains(place)) {
                sets.add(BuiltinPrompts.set(place));
            } else if (place.startsWith(BuiltinPrompts.STORIES + ":")) {
                throw Usage.error(
                        spec,
                        "--prompts: expected a file or one of %s, found '%s'"
                                .formatted(String.join(", ", BuiltinPrompts.names()), place));
            } else {
                sets.addAll(
                        PromptFile.read(
                                Path.of(place),
                                byCategory
                                        ? PromptFile.Grouping.CATEGORY
                                        : PromptFile.Grouping.FILE));
            }
        }
        return sets;
    }

    private BenchReport measure(
            Contest contest,
            List<PromptSet> sets,
            GenerationOptions options,
            BenchReport.Check check) {
        int room = room(contest.plain().contextLength(), options.maxTokens());
        PromptCutter cutter = new PromptCutter(contest.plain(), room);
        List<BenchReport.Measured> measured = new ArrayList<>();
        for (PromptSet set : sets) {
            if (!answers.ended()) {
                List<String> texts = texts(set, cutter, Math.min(room, PASSAGE));
                List<Prompt> prompts = texts.stream().map(cutter::prompt).toList();
                boolean whole = set.form() == PromptSet.Form.PROMPTS;
                int cut = whole ? (int) texts.stream().filter(cutter::tooLong).count() : 0;
                Map<String, Comparison> comparisons =
                        measure(
                                contest,
                                set.name(),
                                new Contest.Plan(prompts, options, warmUp, rounds));
                measured.add(BenchReport.Measured.of(set.name(), prompts, cut, comparisons, check));
            }
        }
        return new BenchReport(
                "bench",
                contest.plain().name(),
                model.weights().name().toLowerCase(Locale.ROOT),
                options.maxTokens(),
                options.temperature(),
                options.temperature() > 0 ? options.seed() : null,
                rounds,
                answers.ended(),
                measured);
    }

    private Map<String, Comparison> measure(Contest contest, String set, Contest.Plan plan) {
        try (Progress bar = new Progress(terminal, set, " texts", 2 * contest.pairs(plan))) {
            int[] done = {0};
            return contest.measure(plan, () -> bar.accept(done[0] += 2));
        }
    }

    private List<String> texts(PromptSet set, PromptCutter cutter, int usual) {
        List<String> texts =
                set.form() == PromptSet.Form.PROMPTS
                        ? set.texts()
                        : set.texts().stream()
                                .flatMap(
                                        text ->
                                                cutter
                                                        .passages(
                                                                text,
                                                                promptTokens == null
                                                                        ? usual
                                                                        : promptTokens)
                                                        .stream())
                                .toList();
        return limit == null ? texts : PromptSet.spread(texts, limit);
    }

    /** Returns the most tokens of a prompt. */
    private int room(int contextLength, int maxTokens) {
        int room = contextLength - maxTokens;
        if (room < 1) {
            throw Usage.error(
                    spec,
                    "--max-tokens: expected less than the model's context length %d, found %d"
                            .formatted(contextLength, maxTokens));
        }
        if (promptTokens != null && promptTokens > room) {
            throw Usage.error(
                    spec,
                    "--prompt-tokens: expected at most %d, which %d new tokens leave of the context"
                                    .formatted(room, maxTokens)
                            + " of %d, found %d".formatted(contextLength, promptTokens));
        }
        return promptTokens == null ? room : promptTokens;
    }

    /** A seed fixes the text unless a drawn draft is accepted by its own probabilities. */
    private static BenchReport.Check check(GenerationOptions options, List<DraftOptions> drafts) {
        boolean drawn =
                options.temperature() > 0
                        && drafts.stream()
                                .anyMatch(each -> each.acceptance() == AcceptanceRule.RATIO_TEST);
        return drawn || options.deadline() != null
                ? BenchReport.Check.NONE
                : BenchReport.Check.SAME_TEXTS;
    }

    private void atLeast(String option, int least, @Nullable Integer value) {
        if (value != null) {
            Usage.requireAtLeast(spec, option, least, value);
        }
    }
}
