package dev.slipstream.samples.cli;

import dev.slipstream.zoo.BlockOptions;
import dev.slipstream.zoo.LoadOptions;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Whether texts are written by blocks, and how. */
final class BlockFlags {
    /** By the name that {@link BlockOptions#parse} has for it. */
    private static final Map<String, String> FLAGS =
            Map.of(
                    "decoder", "--decoder",
                    "size", "--block-size",
                    "steps", "--block-steps",
                    "unmasking", "--unmasking",
                    "borders", "--block-borders",
                    "verification", "--verification",
                    "context-reuse", "--context-reuse",
                    "storing", "--block-storing");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--decoder",
            paramLabel = "NAME",
            description =
                    "How texts are written: autoregressive (token by token), blocks (several tokens a"
                            + " run, by models that were taught to) or auto, blocks where that is"
                            + " possible and there is no drafter. Default: auto, or blocks where one"
                            + " of the next options is given.")
    private @Nullable String decoder;

    @Option(
            names = "--block-size",
            paramLabel = "N",
            description = "The most places of a block. Default: what the model was trained with.")
    private @Nullable String size;

    @Option(
            names = "--block-steps",
            paramLabel = "N",
            description =
                    "The most denoising runs of a block; fewer keep more predictions at once."
                            + " Default: one a place.")
    private @Nullable String steps;

    @Option(
            names = "--unmasking",
            paramLabel = "RULE",
            description =
                    "Which predictions of a run are kept: confidence:0.9, confidence:0.5:margin,"
                            + " static or entropy-bounded:0.1. Default: confidence:0.9.")
    private @Nullable String unmasking;

    @Option(
            names = "--block-borders",
            paramLabel = "RULE",
            description =
                    "How long a block is: fixed, or adablock, which ends it at delimiters, such as"
                            + " adablock:usual=8,threshold=0.3,delimiters=newline|period. Default:"
                            + " fixed.")
    private @Nullable String borders;

    @Option(
            names = "--verification",
            paramLabel = "off|on|RULE",
            description =
                    "Whether the model verifies its own predictions as a decoder of single tokens,"
                            + " such as policy=hysteresis:1:-5,score=dynamic. Default: off.")
    private @Nullable String verification;

    @Option(
            names = "--context-reuse",
            paramLabel = "off|on|RULE",
            description =
                    "Whether attention over the text before a block is used again for the block's"
                            + " next runs, such as from=512,changes=2. Default: off.")
    private @Nullable String contextReuse;

    @Option(
            names = "--block-storing",
            paramLabel = "causal|whole",
            description =
                    "How finished blocks are kept: as a prompt is, or with each token seeing the"
                            + " whole block, for models whose logits are of their own place."
                            + " Default: causal.")
    private @Nullable String storing;

    /**
     * Returns options with what the flags say of blocks.
     *
     * @throws ParameterException if a value is wrong; the message begins with its flag
     */
    LoadOptions over(LoadOptions loading) {
        try {
            return loading.withBlocks(BlockOptions.parse(this::text));
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            int colon = message.indexOf(':');
            throw new ParameterException(
                    command.commandLine(),
                    FLAGS.get(message.substring(0, colon)) + message.substring(colon),
                    e);
        }
    }

    private @Nullable String text(String name) {
        return switch (name) {
            case "decoder" -> decoder;
            case "size" -> size;
            case "steps" -> steps;
            case "unmasking" -> unmasking;
            case "borders" -> borders;
            case "verification" -> verification;
            case "context-reuse" -> contextReuse;
            case "storing" -> storing;
            default -> throw new IllegalArgumentException("no option of the command line: " + name);
        };
    }
}
