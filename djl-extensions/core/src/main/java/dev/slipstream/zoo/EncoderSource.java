package dev.slipstream.zoo;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.EncoderConfig;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.EncoderModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a sentence encoder lies.
 *
 * @param name of the model
 * @param files beside its graph
 * @param graphFile the ONNX file
 * @param tokenizer the tokenizer's file among the files
 */
record EncoderSource(String name, ModelFiles files, Path graphFile, String tokenizer) {
    private static final String ENDING = ".onnx";
    private static final String TOKENIZER = "tokenizer.json";

    /**
     * Finds an encoder.
     *
     * @param location a directory or an ONNX file
     * @throws CheckpointException if there is none, or no tokenizer
     */
    static EncoderSource find(String location) {
        Path path = path(location);
        if (path != null && Files.isDirectory(path)) {
            return of(path.toAbsolutePath().normalize(), graphFile(path));
        }
        if (path != null && Files.isRegularFile(path) && location.endsWith(ENDING)) {
            Path file = path.toAbsolutePath().normalize();
            Path folder = file.getParent();
            Path above = folder.getParent();
            // An export in a folder onnx has its tokenizer one level up.
            boolean inside = above == null || tokenizer(ModelFiles.of(folder), file) != null;
            return of(inside ? folder : above, file);
        }
        throw new CheckpointException(
                "%s: expected the directory or the ONNX file of a sentence encoder, found neither"
                        .formatted(location));
    }

    private static EncoderSource of(Path folder, Path file) {
        ModelFiles files = ModelFiles.of(folder);
        String tokenizer = tokenizer(files, file);
        if (tokenizer == null) {
            throw new CheckpointException(
                    "%s: expected %s or %s, found neither; take it from the model's origin"
                            .formatted(folder, TOKENIZER, ownTokenizer(file)));
        }
        String name = file.getFileName().toString();
        return new EncoderSource(
                name.equals("model.onnx") ? folder.getFileName().toString() : name,
                files,
                file,
                tokenizer);
    }

    private static @Nullable String tokenizer(ModelFiles files, Path file) {
        return List.of(ownTokenizer(file), TOKENIZER).stream()
                .filter(files::contains)
                .findFirst()
                .orElse(null);
    }

    private static String ownTokenizer(Path file) {
        String name = file.getFileName().toString();
        return name.substring(0, name.length() - ENDING.length()) + "-" + TOKENIZER;
    }

    private static Path graphFile(Path directory) {
        ModelFiles files = ModelFiles.of(directory);
        for (String usual : List.of("model.onnx", "onnx/model.onnx")) {
            if (files.contains(usual)) {
                return directory.resolve(usual);
            }
        }
        List<String> graphs;
        try {
            graphs = files.matching("*" + ENDING);
        } catch (IOException e) {
            throw new CheckpointException(
                    directory + ": expected a directory that can be listed: " + e, e);
        }
        if (graphs.size() != 1) {
            throw new CheckpointException(
                    "%s: expected model.onnx, onnx/model.onnx or one other ONNX file, found %s; give the path of the encoder's"
                            .formatted(directory, graphs.isEmpty() ? "none" : graphs));
        }
        return directory.resolve(graphs.get(0));
    }

    private static @Nullable Path path(String location) {
        try {
            return Path.of(location);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    OnnxModel graph() {
        try {
            return OnnxModel.read(graphFile);
        } catch (IOException e) {
            throw new CheckpointException(graphFile + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Opens a graph, its own or one made of it, with the tokenizer. */
    SentenceEncoder open(OnnxModel graph, EncoderOptions options) {
        EncoderConfig config = EncoderConfig.read(files);
        Pooling pooling = options.pooling() != null ? options.pooling() : config.pooling();
        int maxTokens = maxTokens(config, options);
        Tokenizer opened = openTokenizer();
        try {
            EncoderModel encoder =
                    EncoderModel.open(
                            graph, pooling == null ? Pooling.MEAN : pooling, options.runtime());
            return new SentenceEncoder(name, encoder, opened, maxTokens);
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private int maxTokens(EncoderConfig config, EncoderOptions options) {
        if (options.maxTokens() > config.maxTokens()) {
            throw new CheckpointException(
                    "%s: expected at most the model's %d tokens of a text, found %d in the options; ask for fewer, or for 0 to get the model's own"
                            .formatted(files.location(), config.maxTokens(), options.maxTokens()));
        }
        return options.maxTokens() == 0 ? config.maxTokens() : options.maxTokens();
    }

    private Tokenizer openTokenizer() {
        try {
            return new Tokenizer(files.text(tokenizer));
        } catch (IOException e) {
            throw new CheckpointException(
                    "%s/%s: %s; take the file from the model's origin"
                            .formatted(files.location(), tokenizer, e.getMessage()),
                    e);
        }
    }
}
