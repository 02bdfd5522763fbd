package dev.slipstream.samples.cli;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.evaluate.Appraiser;
import dev.slipstream.evaluate.Evaluators;
import dev.slipstream.evaluate.OpenCandidate;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.evaluate.SpeedMeter;
import dev.slipstream.evaluate.Subject;
import dev.slipstream.pass.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say by what models are judged: a text, and prompts to continue. */
final class AppraisalOptions {
    private static final int PROMPT_TOKENS = 32;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--text",
            paramLabel = "FILE",
            description = "The UTF-8 text that quality is judged by, plain or packed with gzip.")
    private @Nullable Path text;

    @Option(
            names = "--limit-tokens",
            paramLabel = "N",
            description = "Judge by so many tokens of the text. Default: 20000.")
    private int limit = 20_000;

    @Option(
            names = "--window",
            paramLabel = "N",
            description = "Tokens of a window. Default: the context length, at most 512.")
    private @Nullable Integer window;

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            description =
                    "Prompts to continue: a file as for 'bench', or builtin. Default: passages of"
                            + " the text.")
    private @Nullable String prompts;

    @Option(
            names = "--limit-prompts",
            paramLabel = "N",
            description = "Continue so many prompts, evenly spread. Default: 4.")
    private int promptLimit = 4;

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            description = "Tokens of each continuation. Default: 64.")
    private int maxTokens = 64;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often all prompts are continued by both models. Default: 3.")
    private int rounds = 3;

    /** Checks what can be checked before a model is opened. */
    void check() {
        text();
        checkRounds();
        atLeast("--limit-tokens", 1, limit);
        atLeast("--limit-prompts", 1, promptLimit);
        atLeast("--max-tokens", 2, maxTokens);
    }

    void checkRounds() {
        atLeast("--rounds", 1, rounds);
    }

    /** Refuses a text where none is read. */
    void requireNoText(String location) {
        if (text != null) {
            throw usage(
                    "--text: expected none for the sentence encoder %s, which foretells no text, found %s; judge it by --sts"
                            .formatted(location, text));
        }
    }

    Path text() {
        if (text == null) {
            throw usage("--text: expected the text that quality is judged by, found none");
        }
        return text;
    }

    int maxTokens() {
        return maxTokens;
    }

    int rounds() {
        return rounds;
    }

    /** Returns at most the limit of tokens. */
    int[] limited(int[] tokens) {
        return Arrays.copyOf(tokens, Math.min(limit, tokens.length));
    }

    int[] tokens(LanguageModel model) throws IOException {
        return model.tokenizer().encode(TextFile.read(text()), Tokenizer.SpecialTokens.AS_WRITTEN);
    }

    SlidingWindow window(int contextLength) {
        if (window == null) {
            return SlidingWindow.within(contextLength);
        }
        if (window < 1 || window > contextLength) {
            throw usage(
                    "--window: expected 1 to the model's context length %d, found %d"
                            .formatted(contextLength, window));
        }
        return SlidingWindow.halfOverlapping(window);
    }

    /**
     * Returns what measures candidates.
     *
     * @param original the untouched model
     * @param tokens by which quality is judged
     */
    Appraiser appraiser(OpenCandidate original, int[] tokens) throws IOException {
        LanguageModel model = original.model();
        return new Appraiser(
                original,
                tokens,
                window(model.decoder().contextLength()),
                new SpeedMeter(prompts(model, tokens), maxTokens, 1, rounds),
                Evaluators.suiting(new Subject.Decoder(model)));
    }

    private List<Prompt> prompts(LanguageModel model, int[] tokens) throws IOException {
        int room = model.decoder().contextLength() - maxTokens;
        if (room < 1) {
            throw usage(
                    "--max-tokens: expected less than the model's context length %d, found %d"
                            .formatted(model.decoder().contextLength(), maxTokens));
        }
        if (prompts == null) {
            return passages(model, tokens, Math.min(room, PROMPT_TOKENS));
        }
        List<PromptSet> sets =
                BuiltinPrompts.names().contains(prompts)
                        ? List.of(BuiltinPrompts.set(prompts))
                        : PromptFile.read(Path.of(prompts), PromptFile.Grouping.FILE);
        // The model belongs to the caller, so that the generator is not closed.
        PromptCutter cutter = new PromptCutter(new AutoregressiveGenerator(model), room);
        PromptSet set = sets.get(0);
        List<String> texts =
                set.form() == PromptSet.Form.PROMPTS
                        ? set.texts()
                        : cutter.passages(set.texts().get(0), Math.min(room, PROMPT_TOKENS));
        return PromptSet.spread(texts, promptLimit).stream().map(cutter::prompt).toList();
    }

    private List<Prompt> passages(LanguageModel model, int[] tokens, int most) {
        Integer begin = model.beginToken();
        int own = Math.max(1, Math.min(tokens.length, begin == null ? most : most - 1));
        List<Prompt> passages = new ArrayList<>();
        for (int i = 0; i < promptLimit; i++) {
            int from = (int) ((long) i * (tokens.length - own) / Math.max(1, promptLimit - 1));
            int[] passage = Arrays.copyOfRange(tokens, from, from + own);
            int[] ids = passage;
            if (begin != null) {
                ids = new int[own + 1];
                ids[0] = begin;
                System.arraycopy(passage, 0, ids, 1, own);
            }
            passages.add(new Prompt(model.tokenizer().decode(passage, 0, own), ids));
        }
        return passages;
    }

    private void atLeast(String option, int least, int value) {
        if (value < least) {
            throw usage(option + ": expected " + least + " or more, found " + value);
        }
    }

    ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
