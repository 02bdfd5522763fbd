package dev.slipstream.samples.train;

import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.ModelFiles;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that say which weights a training begins with. */
final class StartOptions {
    @Option(
            names = {"-m", "--model"},
            paramLabel = "DIR",
            required = true,
            description = "The model to train: a directory of Hugging Face's form.")
    private Path model = Path.of("");

    @Option(
            names = "--from-nothing",
            description =
                    "Begin with random weights; of the model only the configuration and the tokenizer"
                            + " are read.")
    private boolean fromNothing;

    ModelFiles files() {
        return ModelFiles.of(model);
    }

    DecoderBlock decoder(NDManager manager, long seed) {
        ModelFiles files = files();
        return fromNothing
                ? DecoderBlock.random(manager, DecoderConfig.read(files), seed)
                : DecoderBlock.load(manager, files);
    }
}
