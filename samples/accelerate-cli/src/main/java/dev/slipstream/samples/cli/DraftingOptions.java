package dev.slipstream.samples.cli;

import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.DrafterKind;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What a drafter works with; each command has its own {@code --drafter} beside them. */
final class DraftingOptions {
    static final String DRAFTERS =
            "prompt-lookup, corpus, layer-skip, slice, model, diffuspec, chain (several of them) or"
                    + " none";

    private static final List<String> NAMES =
            List.of(
                    "chain",
                    "model",
                    "corpus",
                    "min-match",
                    "width",
                    "skip",
                    "cache",
                    "diffuspec",
                    "length",
                    "acceptance");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--draft-chain",
            paramLabel = "NAMES",
            description =
                    "For chain: the drafters by commas, cheapest first. Default: prompt-lookup, then"
                            + " those that the other options give something to work with.")
    private @Nullable String chain;

    @Option(
            names = "--draft-model",
            paramLabel = "M",
            description =
                    "For model: the smaller model, as for --model. For diffuspec: one that writes"
                            + " blocks, of the same tokenizer.")
    private @Nullable String model;

    @Option(
            names = "--draft-corpus",
            paramLabel = "PATH",
            description =
                    "For corpus: a text file, or a directory of them. For diffuspec: texts like"
                            + " those that are to be written.")
    private @Nullable String corpus;

    @Option(
            names = "--draft-min-match",
            paramLabel = "N",
            description =
                    "For prompt-lookup and corpus: tokens that must be found again before what"
                            + " followed them is proposed.")
    private @Nullable String shortestMatch;

    @Option(
            names = "--draft-width",
            paramLabel = "N",
            description =
                    "For slice: neurons of each feed-forward. Default: the narrowest that the model"
                            + " was trained for.")
    private @Nullable String width;

    @Option(
            names = "--draft-skip",
            paramLabel = "LAYERS",
            description =
                    "For layer-skip: what is left out, such as attention:2-5,feed-forward:3,both:7;"
                            + " layers count from 0. Default: both of every second layer of the"
                            + " middle half.")
    private @Nullable String skipped;

    @Option(
            names = "--draft-cache",
            paramLabel = "shared|own",
            description =
                    "For layer-skip and slice: where drafts keep keys and values. Default: shared.")
    private @Nullable String cache;

    @Option(
            names = "--draft-diffuspec",
            paramLabel = "KNOBS",
            description =
                    "For diffuspec: how blocks become drafts, such as"
                            + " k-min=4,k-max=15,delta=5,rho=0.5,candidates=15,mass=0.8,beam=3,"
                            + "proxy-weight=0.5,score=mean,steps=1,proxy=ngram.")
    private @Nullable String diffuspec;

    @Option(
            names = "--draft-length",
            paramLabel = "RULE",
            description =
                    "How much is drafted: cost-model, cost-model:16, constant:4, confident:8,0.4 or"
                            + " adaptive:2,16. Default: cost-model, which measures what a draft"
                            + " costs here.")
    private @Nullable String length;

    @Option(
            names = "--draft-acceptance",
            paramLabel = "RULE",
            description =
                    "Which drafted tokens stay: equal-tokens (a seed gives the text of plain"
                            + " decoding), ratio-test (above temperature 0 more stay) or by-seed."
                            + " Default: by-seed, which is equal-tokens wherever there is a seed,"
                            + " as there always is here.")
    private @Nullable String acceptance;

    /**
     * Returns how a drafter drafts.
     *
     * @param drafter its name
     * @throws ParameterException if a value is wrong or missing; the message begins with its flag
     */
    DraftOptions of(String drafter) {
        DraftOptions options;
        try {
            options = DraftOptions.parse(name -> name.equals("drafter") ? drafter : text(name));
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            throw usage((message.startsWith("drafter:") ? "--" : "--draft-") + message, e);
        }
        if (options.model() == null && uses(options, DrafterKind.MODEL)) {
            throw usage(
                    "--draft-model: expected a smaller model for the drafter, found none", null);
        }
        if (options.model() == null && uses(options, DrafterKind.DIFFUSPEC)) {
            throw usage(
                    "--draft-model: expected a model that writes blocks for the drafter, found none",
                    null);
        }
        if (options.corpus() == null && uses(options, DrafterKind.CORPUS)) {
            throw usage("--draft-corpus: expected texts for the drafter, found none", null);
        }
        return options;
    }

    /** Refuses options that nothing would use, where there is no drafter. */
    void refuseAll() {
        for (String name : NAMES) {
            if (text(name) != null) {
                throw usage("--draft-" + name + ": expected --drafter beside it, found none", null);
            }
        }
    }

    private @Nullable String text(String name) {
        return switch (name) {
            case "chain" -> chain;
            case "model" -> model;
            case "corpus" -> corpus;
            case "min-match" -> shortestMatch;
            case "width" -> width;
            case "skip" -> skipped;
            case "cache" -> cache;
            case "diffuspec" -> diffuspec;
            case "length" -> length;
            case "acceptance" -> acceptance;
            default -> throw new IllegalArgumentException("no option of the command line: " + name);
        };
    }

    private static boolean uses(DraftOptions options, DrafterKind kind) {
        return options.drafter() == kind
                || options.drafter() == DrafterKind.CHAIN && options.chain().contains(kind);
    }

    private ParameterException usage(String message, @Nullable Throwable cause) {
        return new ParameterException(command.commandLine(), message, cause);
    }
}
