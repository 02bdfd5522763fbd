package dev.slipstream.samples.train;

import dev.slipstream.blocks.Arithmetic;
import dev.slipstream.blocks.StoredType;
import dev.slipstream.blocks.train.AdamOptions;
import dev.slipstream.blocks.train.LearningRate;
import dev.slipstream.blocks.train.TrainingOptions;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The options of every training. */
final class RunOptions {
    @Option(
            names = "--text",
            paramLabel = "FILE",
            split = ",",
            required = true,
            description =
                    "UTF-8 texts to train on, plain or packed with gzip, separated by commas. A line"
                            + " <|endoftext|> separates texts in a file.")
    private List<Path> text = List.of();

    @Option(
            names = "--validation",
            paramLabel = "FILE",
            split = ",",
            required = true,
            description = "Texts to measure on.")
    private List<Path> validation = List.of();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description =
                    "Where the trained model (DIR/model), checkpoints, and losses as a table and a"
                            + " picture go.")
    private Path out = Path.of("");

    @Option(names = "--resume", description = "Go on from the latest checkpoint in DIR.")
    private boolean resume;

    @Option(
            names = "--steps",
            paramLabel = "N",
            required = true,
            description = "Steps of the whole training.")
    private int steps;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Sequences of a step. Default: ${DEFAULT-VALUE}.")
    private int batch = 8;

    @Option(
            names = "--portion",
            paramLabel = "N",
            description =
                    "Sequences that go through the model at once; the gradients of a step's portions"
                            + " are added up. Default: ${DEFAULT-VALUE}.")
    private int portion = 8;

    @Option(
            names = "--length",
            paramLabel = "N",
            description = "Tokens of a sequence. Default: ${DEFAULT-VALUE}.")
    private int length = 256;

    @Option(
            names = "--rate",
            paramLabel = "R",
            description = "Highest learning rate. Default: ${DEFAULT-VALUE}.")
    private double rate = 5e-4;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description = "Steps in which the rate grows. Default: ${DEFAULT-VALUE}.")
    private int warmUp = 50;

    @Option(
            names = "--floor",
            paramLabel = "F",
            description = "The last rate's part of the highest. Default: ${DEFAULT-VALUE}.")
    private double floor = 0.05;

    @Option(
            names = "--clip",
            paramLabel = "N",
            description = "Largest norm of the gradients. Default: ${DEFAULT-VALUE}.")
    private double clip = 1;

    @Option(
            names = "--decay",
            paramLabel = "D",
            description = "Weight decay of matrices. Default: ${DEFAULT-VALUE}.")
    private double decay = 0.1;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the order of the text and of all draws. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--arithmetic",
            paramLabel = "float32|bfloat16",
            description =
                    "Of matrix products; bfloat16 is faster on processors with AVX512-BF16 or AMX."
                            + " Default: ${DEFAULT-VALUE}.")
    private Arithmetic arithmetic = Arithmetic.FLOAT32;

    @Option(
            names = "--validate-every",
            paramLabel = "N",
            description = "Steps between two validations. Default: ${DEFAULT-VALUE}.")
    private int validateEvery = 250;

    @Option(
            names = "--validation-windows",
            paramLabel = "N",
            description = "Sequences of a validation. Default: ${DEFAULT-VALUE}.")
    private int validationWindows = 32;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            description = "Steps between two checkpoints. Default: ${DEFAULT-VALUE}.")
    private int checkpointEvery = 250;

    @Option(
            names = "--store",
            paramLabel = "float16|float32",
            description = "How the trained weights are stored. Default: ${DEFAULT-VALUE}.")
    private StoredType store = StoredType.FLOAT16;

    List<Path> text() {
        return text;
    }

    List<Path> validation() {
        return validation;
    }

    Path out() {
        return out;
    }

    boolean resume() {
        return resume;
    }

    int steps() {
        return steps;
    }

    StoredType store() {
        return store;
    }

    TrainingOptions training() {
        AdamOptions usual = AdamOptions.defaults();
        return new TrainingOptions(
                steps,
                batch,
                portion,
                length,
                new LearningRate(rate, warmUp, floor),
                new AdamOptions(usual.beta1(), usual.beta2(), usual.epsilon(), decay, clip),
                seed,
                arithmetic,
                validateEvery,
                validationWindows,
                checkpointEvery);
    }
}
