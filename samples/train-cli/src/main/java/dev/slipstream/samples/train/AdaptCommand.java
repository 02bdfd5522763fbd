package dev.slipstream.samples.train;

import dev.slipstream.blocks.train.BlockGrowth;
import dev.slipstream.blocks.train.NextBlock;
import dev.slipstream.blocks.train.UnusedByte;
import dev.slipstream.blocks.train.Visibility;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Teaches a decoder to fill whole blocks of text. */
@Command(
        name = "adapt",
        description =
                "Teach an autoregressive model to fill whole blocks of text (NBDiff), by training it"
                        + " on.",
        sortOptions = false)
final class AdaptCommand implements Callable<Integer> {
    private final Session session;

    @Mixin private StartOptions start = new StartOptions();
    @Mixin private RunOptions run = new RunOptions();

    @Option(
            names = "--max-block",
            paramLabel = "N",
            description = "Tokens of a block in the end. Default: ${DEFAULT-VALUE}.")
    private int maxBlock = 16;

    @Option(
            names = "--first-block",
            paramLabel = "N",
            description =
                    "Tokens of a block in the beginning, doubled until --max-block; equal to it for"
                            + " no growth. In blocks of 1 nothing is masked. Default:"
                            + " ${DEFAULT-VALUE}.")
    private int firstBlock = 2;

    @Option(
            names = "--growth-steps",
            paramLabel = "N",
            description = "Steps until blocks have their size. Default: 60 %% of the steps.")
    private @Nullable Integer growthSteps;

    @Option(
            names = "--visibility",
            paramLabel = "V",
            description =
                    "What tokens see: ${COMPLETION-CANDIDATES}, in any case. Default: context_causal.")
    private Visibility visibility = Visibility.CONTEXT_CAUSAL;

    @Option(
            names = "--ar-weight",
            paramLabel = "W",
            description =
                    "Weight of the loss of the next token beside that of masked ones; 0 leaves it"
                            + " out. Default: ${DEFAULT-VALUE}.")
    private double autoregressiveWeight = 0.5;

    @Option(
            names = "--mask-token",
            paramLabel = "ID",
            description =
                    "A token that no text contains. Default: that of a byte which UTF-8 never uses.")
    private @Nullable Integer maskToken;

    AdaptCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        int mask = maskToken == null ? UnusedByte.find(start.files()) : maskToken;
        int grown = growthSteps == null ? run.steps() * 6 / 10 : growthSteps;
        NextBlock recipe =
                new NextBlock(
                        visibility,
                        BlockGrowth.doubling(firstBlock, maxBlock, grown),
                        autoregressiveWeight,
                        mask);
        session.train(start, run, recipe);
        return 0;
    }
}
