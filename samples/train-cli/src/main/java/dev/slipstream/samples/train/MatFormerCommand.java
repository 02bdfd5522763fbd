package dev.slipstream.samples.train;

import dev.slipstream.blocks.train.MatFormer;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Language modelling at several widths. */
@Command(
        name = "matformer",
        description =
                "Train a model whose feed-forwards hold narrower ones, so that models of many sizes"
                        + " can be cut from it.",
        sortOptions = false)
final class MatFormerCommand implements Callable<Integer> {
    private final Session session;

    @Mixin private StartOptions start = new StartOptions();
    @Mixin private RunOptions run = new RunOptions();

    @Option(
            names = "--widths",
            paramLabel = "N",
            split = ",",
            required = true,
            description =
                    "Neurons of the feed-forwards, rising, separated by commas; the last is the"
                            + " model's own.")
    private List<Integer> widths = List.of();

    @Option(
            names = "--mode",
            paramLabel = "joint|sample",
            description =
                    "Train all widths in each step, or one that is drawn. Default: ${DEFAULT-VALUE}.")
    private MatFormer.Mode mode = MatFormer.Mode.JOINT;

    @Option(
            names = "--weights",
            paramLabel = "W",
            split = ",",
            description =
                    "How much each width counts (joint), or how often it is drawn (sample), separated"
                            + " by commas. Default: all alike.")
    private List<Double> weights = List.of();

    MatFormerCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        MatFormer recipe =
                weights.isEmpty()
                        ? MatFormer.equal(widths, mode)
                        : new MatFormer(widths, mode, weights);
        session.train(start, run, recipe);
        return 0;
    }
}
