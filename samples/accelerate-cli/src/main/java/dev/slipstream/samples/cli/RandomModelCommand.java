package dev.slipstream.samples.cli;

import dev.slipstream.evaluate.ModelShape;
import dev.slipstream.evaluate.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Writes a model of a known shape with random weights, to measure times with. */
@Command(
        name = "random-model",
        description =
                "Write a model with random weights, to measure times with. Its text is noise.",
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar random-model --shape smollm2-135m --out m"
        })
final class RandomModelCommand implements Callable<Integer> {
    private static final int MILLION = 1_000_000;

    private final Terminal terminal;

    @Spec private CommandSpec spec = CommandSpec.create();

    private ModelShape shape = ModelShape.SMOLLM2_135M;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "The directory to write: a new one, or an empty one.")
    private Path out = Path.of("");

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the weights: the same seed gives the same files. Default: 0.")
    private long seed;

    RandomModelCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Option(
            names = "--shape",
            paramLabel = "NAME",
            required = true,
            description = "smollm2-135m (270 MB) or llama-3.2-1b (2.5 GB).")
    private void shape(String name) {
        shape =
                ModelShape.KNOWN.stream()
                        .filter(known -> known.name().equals(name.toLowerCase(Locale.ROOT)))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new ParameterException(
                                                spec.commandLine(),
                                                "--shape: expected one of %s, found '%s'"
                                                        .formatted(
                                                                ModelShape.KNOWN.stream()
                                                                        .map(ModelShape::name)
                                                                        .toList(),
                                                                name)));
    }

    @Override
    public Integer call() throws IOException {
        if (Files.exists(out) && (!Files.isDirectory(out) || !isEmpty(out))) {
            throw new IOException("--out: expected a new or an empty directory, found " + out);
        }
        Files.createDirectories(out);
        RandomModel model = new RandomModel(shape, seed);
        long parameters = model.parameters();
        try (Progress bar =
                new Progress(terminal, "write", " million weights", (int) (parameters / MILLION))) {
            model.write(out, written -> bar.accept((int) (written / MILLION)));
        }
        terminal.out()
                .printf(
                        Locale.ROOT,
                        "%s: %,d random weights of the shape %s, seed %d; its text is noise%n",
                        out,
                        parameters,
                        shape.name(),
                        seed);
        return 0;
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }
}
