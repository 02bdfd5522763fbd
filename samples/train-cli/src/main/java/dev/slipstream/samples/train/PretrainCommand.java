package dev.slipstream.samples.train;

import dev.slipstream.blocks.train.LanguageModelling;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Plain language modelling. */
@Command(
        name = "pretrain",
        description = "Train a model to predict the next token, from nothing or further on.",
        sortOptions = false)
final class PretrainCommand implements Callable<Integer> {
    private final Session session;

    @Mixin private StartOptions start = new StartOptions();
    @Mixin private RunOptions run = new RunOptions();

    PretrainCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        session.train(start, run, new LanguageModelling());
        return 0;
    }
}
