package dev.slipstream.samples.cli;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.DrafterKind;
import dev.slipstream.zoo.LoadOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Streams a continuation to standard output, and statistics to standard error. */
@Command(
        name = "generate",
        description = "Continue a text: the text on standard output, statistics on standard error.",
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar generate --prompt 'Once upon a time' --max-tokens 64"
        })
final class GenerateCommand implements Callable<Integer> {
    private final Library library;
    private final Terminal terminal;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private ModelOptions model = new ModelOptions();

    @ArgGroup(exclusive = true)
    private PromptOptions prompt = new PromptOptions();

    @Option(
            names = "--chat",
            description =
                    "The prompt is a user's message: render it with the model's chat template.")
    private boolean chat;

    @Option(names = "--system", paramLabel = "TEXT", description = "With --chat: instructions.")
    private @Nullable String system;

    @Mixin private SamplingOptions sampling = new SamplingOptions();

    @Option(
            names = "--drafter",
            paramLabel = "NAME",
            description =
                    "What proposes tokens that the model verifies in one run; the text stays the"
                            + " model's own: "
                            + DraftingOptions.DRAFTERS
                            + ". Default: none.")
    private String drafter = DrafterKind.NONE.label();

    @Mixin private DraftingOptions drafting = new DraftingOptions();
    @Mixin private BlockFlags blocks = new BlockFlags();
    @Mixin private PrefixCacheOptions prefixCache = new PrefixCacheOptions();
    @Mixin private JsonFile json = new JsonFile();

    GenerateCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (system != null && !chat) {
            throw new ParameterException(
                    spec.commandLine(), "--system: expected --chat beside it, found none");
        }
        json.check();
        try {
            // Wrong knobs are told before the model is opened, which may take long.
            sampling.over(GenerationOptions.greedy());
            return run(loading());
        } catch (InvalidOptionException e) {
            throw sampling.usage(e);
        }
    }

    private LoadOptions loading() throws IOException {
        DraftOptions drafts = drafting.of(drafter);
        if (drafts.drafter() == DrafterKind.NONE) {
            drafting.refuseAll();
        }
        return blocks.over(model.loading().withDrafting(drafts).withCache(prefixCache.options()));
    }

    private int run(LoadOptions loading) throws IOException {
        String text = prompt.read(terminal.in());
        String location = model.location(library);
        long start = System.nanoTime();
        try (TextGenerator generator = library.generators().apply(location, loading)) {
            Duration load = Duration.ofNanos(System.nanoTime() - start);
            GenerateReport report = generate(generator, loading, text, load);
            terminal.err().print("\n" + report.statistics());
            if (report.tokens().stream().anyMatch(token -> token.logProbability() != null)) {
                terminal.err().print("\n" + report.logProbabilities());
            }
            terminal.err().flush();
            json.write(report);
            return report.finishReason().equals("cancelled") ? CommandTree.INTERRUPTED : 0;
        }
    }

    // The registration is only held, never asked.
    @SuppressWarnings("try")
    private GenerateReport generate(
            TextGenerator generator, LoadOptions loading, String text, Duration load)
            throws IOException {
        GenerationOptions options = sampling.over(generator.defaults());
        Prompt tokens = chat ? generator.chat(messages(text), List.of()) : generator.prompt(text);
        StringBuilder written = new StringBuilder();
        List<Token> decoded = new ArrayList<>();
        Statistics.Work prefill = Statistics.Work.NONE;
        try (TokenStream stream = generator.stream(tokens, options);
                Interrupts.Registration interrupt = terminal.interrupts().during(stream::cancel)) {
            while (stream.hasNext()) {
                TextChunk chunk = stream.next();
                prefill = decoded.isEmpty() ? stream.statistics().work() : prefill;
                terminal.out().print(chunk.text());
                terminal.out().flush();
                if (terminal.out().checkError()) {
                    throw new IOException("standard output was closed before the text ended");
                }
                written.append(chunk.text());
                decoded.addAll(chunk.tokens());
            }
            return GenerateReport.of(
                    generator,
                    loading,
                    load,
                    tokens,
                    options,
                    written.toString(),
                    decoded,
                    stream.finishReason(),
                    prefill,
                    stream.statistics());
        }
    }

    private List<ChatMessage> messages(String text) {
        return system == null
                ? List.of(ChatMessage.user(text))
                : List.of(ChatMessage.system(system), ChatMessage.user(text));
    }
}
