package dev.slipstream.samples.benchmarks.weights;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * A model as it was published, before any graph is made of it. Tensors stay in their file until
 * they are asked for.
 *
 * @param name what to call it
 * @param files where it lies
 * @param config its sizes
 * @param weights its tensors, under Hugging Face's names
 * @param tokenizerJson the text of its {@code tokenizer.json}
 */
public record Checkpoint(
        String name,
        ModelFiles files,
        DecoderConfig config,
        Weights weights,
        String tokenizerJson) {
    private static final String EMBEDDED = "META-INF/slipstream/models/";

    /**
     * Reads a model's headers and checks them.
     *
     * @param location a directory of Hugging Face or llama2.c, or else the name of an embedded
     *     model
     * @throws CheckpointException if it is neither, or damaged; names the file, what was expected
     *     and what was found
     */
    public static Checkpoint read(String location) {
        ModelFiles files = files(location);
        Checkpoint read =
                Llama2c.isLlama2c(files) ? llama2c(location, files) : huggingFace(location, files);
        read.config.checkAgainst(read.weights);
        return read;
    }

    private static Checkpoint llama2c(String location, ModelFiles files) {
        Llama2c model = Llama2c.read(files);
        return new Checkpoint(
                name(location), files, model.config(), model.weights(), model.tokenizerJson());
    }

    private static Checkpoint huggingFace(String location, ModelFiles files) {
        try {
            return new Checkpoint(
                    name(location),
                    files,
                    DecoderConfig.read(files),
                    SafeTensors.read(files),
                    files.text("tokenizer.json"));
        } catch (IOException e) {
            throw new CheckpointException(location + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static ModelFiles files(String location) {
        ClassLoader loader = Checkpoint.class.getClassLoader();
        for (String sign : new String[] {"config.json", "llama2c.json"}) {
            if (loader.getResource(EMBEDDED + location + "/" + sign) != null) {
                return ModelFiles.of(loader, EMBEDDED + location);
            }
        }
        try {
            return ModelFiles.of(Path.of(location));
        } catch (InvalidPathException e) {
            throw new CheckpointException(
                    location
                            + ": expected a model directory or the name of an embedded model, found neither",
                    e);
        }
    }

    private static String name(String location) {
        try {
            Path path = Path.of(location);
            Path last =
                    Files.isDirectory(path)
                            ? path.toAbsolutePath().normalize().getFileName()
                            : path.getFileName();
            return last == null ? location : last.toString();
        } catch (InvalidPathException e) {
            return location;
        }
    }
}
