package dev.slipstream.samples.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.train.Distillation;
import dev.slipstream.checkpoint.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Knowledge distillation. */
@Command(
        name = "distil",
        description =
                "Train a model to give the probabilities that another one, its teacher, gives.",
        sortOptions = false)
final class DistilCommand implements Callable<Integer> {
    private final Session session;

    @Mixin private StartOptions start = new StartOptions();

    @Option(
            names = "--teacher",
            paramLabel = "DIR",
            required = true,
            description = "The teacher: a model directory with the same vocabulary.")
    private Path teacher = Path.of("");

    @Mixin private RunOptions run = new RunOptions();

    @Option(
            names = "--share",
            paramLabel = "S",
            description =
                    "The teacher's share of the loss, the text's is the rest. Default:"
                            + " ${DEFAULT-VALUE}.")
    private double share = 0.5;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description =
                    "Divides the logits of both; higher ones show more of what the teacher thinks"
                            + " unlikely. Default: ${DEFAULT-VALUE}.")
    private double temperature = 2;

    DistilCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        try (NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
                DecoderBlock taught = DecoderBlock.load(manager, ModelFiles.of(teacher))) {
            session.train(
                    start, run, new Distillation(taught, teacher.toString(), share, temperature));
        }
        return 0;
    }
}
