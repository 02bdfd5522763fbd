package dev.slipstream.samples.cli;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.evaluate.ContinuationLoss;
import dev.slipstream.evaluate.Spread;
import dev.slipstream.pass.TextFile;
import dev.slipstream.zoo.LoadOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what writing by blocks brings and costs, beside the same weights token by token. */
@Command(
        name = "blocks",
        description = {
            "Measure ways to write by blocks against the same weights token by token: tokens a run,"
                    + " speed in turns, how surprising another model finds the texts, how varied"
                    + " they are, and how many questions are answered right.",
            "Texts are greedy; one thread unless --threads says otherwise."
        },
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar blocks --model storyteller-7m-diffusion --judge"
                    + " storyteller-7m --text book.txt --way unmasking=static --way"
                    + " 'unmasking=confidence:0.7 verification=policy=always'"
        })
final class BlocksCommand implements Callable<Integer> {
    private final Library library;
    private final Terminal terminal;
    private final Answers answers = new Answers();

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private ModelOptions model = new ModelOptions();

    @Option(
            names = "--way",
            paramLabel = "SETTINGS",
            description =
                    "A way to write, once for each: settings as name=value, by blanks, named as the"
                            + " options of 'generate' without '--block-': size, steps, unmasking,"
                            + " borders, verification, context-reuse, storing. Default: the usual"
                            + " one.")
    private List<String> ways = List.of("");

    @Option(
            names = "--text",
            paramLabel = "FILE",
            description =
                    "The UTF-8 text, plain or packed with gzip, whose passages are continued. Default:"
                            + " built-in beginnings of stories.")
    private @Nullable Path text;

    @Option(
            names = "--limit-prompts",
            paramLabel = "N",
            description = "Continue so many passages, evenly spread. Default: 20.")
    private int promptLimit = 20;

    @Option(
            names = "--prompt-tokens",
            paramLabel = "N",
            description = "Tokens of a passage. Default: 64.")
    private int promptTokens = 64;

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            description = "Tokens of each continuation. Default: 96.")
    private int maxTokens = 96;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often all passages are continued in each way. Default: 3.")
    private int rounds = 3;

    @Option(
            names = "--judge",
            paramLabel = "M",
            description =
                    "The model, with the same tokens, that judges the texts, as for --model; in"
                            + " fp32. Default: the model itself.")
    private @Nullable String judge;

    @Option(
            names = "--questions",
            paramLabel = "FILE",
            description =
                    "Questions with known answers: a JSON object a line with prompt, answer and"
                            + " perhaps a category.")
    private @Nullable Path questions;

    @Mixin private JsonFile json = new JsonFile();

    BlocksCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        json.check();
        Usage.requireAtLeast(spec, "--limit-prompts", 1, promptLimit);
        Usage.requireAtLeast(spec, "--prompt-tokens", 1, promptTokens);
        Usage.requireAtLeast(spec, "--max-tokens", 2, maxTokens);
        Usage.requireAtLeast(spec, "--rounds", 1, rounds);
        List<BlockWay> read = ways.stream().map(way -> BlockWay.parse(spec, way)).toList();
        List<Question> asked = questions == null ? List.of() : Question.read(questions);
        String location = model.location(library);
        LoadOptions loading = model.measured().withBlocks(BlockWay.opening(read));
        String judging = judge == null ? location : model.located(library, "--judge", judge);
        BlocksReport report;
        try (LanguageModel open = library.models().apply(location, loading);
                LanguageModel judgeModel =
                        library.models()
                                .apply(judging, model.measured().withPrecision(Precision.FP32))) {
            report = measure(open, judgeModel, read, asked);
        }
        terminal.out().print(report);
        json.write(report);
        if (answers.ended()) {
            terminal.err().println("ended by Ctrl-C: this is what was measured until then");
            return CommandTree.INTERRUPTED;
        }
        return 0;
    }

    // The registration is only held, never asked.
    @SuppressWarnings("try")
    private BlocksReport measure(
            LanguageModel open, LanguageModel judge, List<BlockWay> read, List<Question> asked)
            throws IOException {
        BlockTrial trial = new BlockTrial(open, answers, maxTokens, rounds);
        List<Prompt> prompts = prompts(open);
        int texts = read.size() * (2 * rounds * prompts.size() + asked.size()) + asked.size();
        List<BlocksReport.Row> rows = new ArrayList<>();
        try (Interrupts.Registration interrupt = terminal.interrupts().during(answers::end);
                Progress bar = new Progress(terminal, "blocks", " texts", texts)) {
            int[] done = {0};
            Runnable tick = () -> bar.accept(++done[0]);
            double[] plainRight = trial.answeredPlainly(asked, tick);
            for (BlockWay way : read) {
                BlockTrial.Result result = trial.run(way, prompts, asked, tick);
                if (rows.isEmpty()) {
                    rows.add(row("token by token", result.plain(), null, judge, plainRight));
                }
                rows.add(row(way.name(), result.blocks(), result.ratio(), judge, result.right()));
            }
        } catch (CancellationException e) {
            // What was measured before is told.
        }
        return new BlocksReport(
                "blocks",
                open.name(),
                model.weights().name().toLowerCase(Locale.ROOT),
                judge.name(),
                prompts.size(),
                maxTokens,
                rounds,
                Question.kinds(asked),
                rows);
    }

    private static BlocksReport.Row row(
            String name,
            BlockTrial.Texts texts,
            @Nullable Spread ratio,
            LanguageModel judge,
            double[] right) {
        ContinuationLoss loss = new ContinuationLoss(judge.decoder());
        for (BlockTrial.Written written : texts.written()) {
            loss.add(written.prompt(), written.tokens());
        }
        return BlocksReport.Row.of(name, texts, ratio, loss.natsPerToken(), right);
    }

    private List<Prompt> prompts(LanguageModel open) throws IOException {
        int room = open.decoder().contextLength() - maxTokens;
        if (room < 1) {
            throw Usage.error(
                    spec,
                    "--max-tokens: expected less than the model's context length %d, found %d"
                            .formatted(open.decoder().contextLength(), maxTokens));
        }
        int most = Math.min(room, promptTokens);
        // The model belongs to the caller, so that the generator is not closed.
        PromptCutter cutter = new PromptCutter(new AutoregressiveGenerator(open), most);
        List<String> texts =
                text == null
                        ? BuiltinPrompts.set(BuiltinPrompts.STORIES).texts()
                        : cutter.passages(TextFile.read(text), most);
        return PromptSet.spread(texts, promptLimit).stream().map(cutter::prompt).toList();
    }
}
