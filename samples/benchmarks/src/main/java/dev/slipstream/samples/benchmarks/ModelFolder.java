package dev.slipstream.samples.benchmarks;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.evaluate.ModelShape;
import dev.slipstream.evaluate.RandomModel;
import dev.slipstream.samples.benchmarks.weights.Checkpoint;
import dev.slipstream.samples.benchmarks.weights.WrittenOnce;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The weights of one model, written once and used by all contenders, this time and later.
 *
 * @param name of the shape or of the embedded model
 * @param directory for files that contenders make
 * @param checkpoint the model as it was published, or with random weights
 * @param config its numbers
 * @param real whether it was trained
 */
record ModelFolder(
        String name, Path directory, Path checkpoint, DecoderConfig config, boolean real) {
    /** Embedded models that can be measured, the tested ones first. */
    private static final List<String> REAL =
            List.of("storyteller-7m", "babyllama105", "stories260k");

    private static final List<String> FILES =
            List.of(
                    "config.json",
                    "generation_config.json",
                    "tokenizer.json",
                    "tokenizer_config.json",
                    "model.safetensors",
                    "llama2c.json",
                    "model5000.bin",
                    "tok105.bin",
                    "stories260K.bin",
                    "tok512.bin",
                    "LICENSE");

    /**
     * Returns the folder of a model; writes it if it is not there.
     *
     * @param work directory of all of them
     * @param name of a shape, of an embedded model, or a model directory
     * @throws IOException if it is none, or cannot be written
     */
    static ModelFolder open(Path work, String name) throws IOException {
        ModelShape shape =
                ModelShape.KNOWN.stream()
                        .filter(known -> known.name().equals(name))
                        .findFirst()
                        .orElse(null);
        boolean embedded = REAL.contains(name);
        Path given = Path.of(name);
        if (shape == null && !embedded && !Files.isDirectory(given)) {
            throw new IOException(
                    "--shapes: expected names of %s or %s, or model directories, found '%s'"
                            .formatted(
                                    ModelShape.KNOWN.stream().map(ModelShape::name).toList(),
                                    REAL,
                                    name));
        }
        String label = String.valueOf(given.getFileName());
        Path directory = Files.createDirectories(work.resolve(label));
        Path checkpoint = directory.resolve("checkpoint");
        if (shape == null && !embedded) {
            checkpoint = given;
        } else {
            WrittenOnce.at(
                    checkpoint,
                    part -> {
                        if (shape != null) {
                            new RandomModel(shape, 0).write(part, written -> {});
                        } else {
                            copy(name, part);
                        }
                    });
        }
        DecoderConfig config = Checkpoint.read(checkpoint.toString()).config();
        return new ModelFolder(label, directory, checkpoint, config, shape == null);
    }

    private static void copy(String name, Path target) throws IOException {
        for (String file : FILES) {
            String resource = "/META-INF/slipstream/models/" + name + "/" + file;
            try (InputStream in = ModelFolder.class.getResourceAsStream(resource)) {
                if (in != null) {
                    Files.copy(in, target.resolve(file));
                }
            }
        }
    }

    /** Returns the weights of all matrices that a token is multiplied with. */
    long matrixWeights() {
        long hidden = config.hiddenSize();
        long keys = (long) config.keyValueHeads() * config.headSize();
        long queries = (long) config.heads() * config.headSize();
        long layer = hidden * (2 * queries + 2 * keys + 3L * config.intermediateSize());
        return config.layers() * layer + hidden * config.vocabularySize();
    }

    /** Returns the numbers that the cache keeps of each token. */
    long cacheNumbers() {
        return 2L * config.layers() * config.keyValueHeads() * config.headSize();
    }
}
