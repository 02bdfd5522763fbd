package dev.slipstream.zoo;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.EncoderConfig;
import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.graph.GraphException;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.EncoderModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a sentence encoder lies.
 *
 * @param name of the model
 * @param files beside its graph
 * @param graphFile the ONNX file
 * @param tokenizer the tokenizer's file among the files; null if there is none
 */
record EncoderSource(String name, ModelFiles files, Path graphFile, @Nullable String tokenizer) {
    private static final String ENDING = ".onnx";
    private static final String TOKENIZER = "tokenizer.json";

    /**
     * Finds an encoder.
     *
     * @param location a directory or an ONNX file
     * @throws CheckpointException if there is none
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
        String name = file.getFileName().toString();
        return new EncoderSource(
                name.equals("model.onnx") ? folder.getFileName().toString() : name,
                files,
                file,
                tokenizer(files, file));
    }

    /** Tells whether there is a graph with the inputs and outputs of an encoder, and no decoder. */
    static boolean isThere(String location) {
        Path path = path(location);
        if (path == null || EmbeddedModels.find(location) != null) {
            return false;
        }
        try {
            return !isDecoder(path) && EncoderModel.suits(find(location).graph());
        } catch (CheckpointException | GraphException e) {
            // Whoever opens it as something else tells what is wrong with that.
            return false;
        }
    }

    /** Where these files are, another rule says which graph counts. */
    private static boolean isDecoder(Path path) {
        return Files.isDirectory(path)
                && (Llama2c.isLlama2c(ModelFiles.of(path))
                        || Stream.of(
                                        "model.safetensors",
                                        "model.safetensors.index.json",
                                        "genai_config.json")
                                .anyMatch(file -> Files.exists(path.resolve(file))));
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
            OnnxModel graph = OnnxModel.read(graphFile);
            Pooling known = EncoderConfig.read(files).pooling();
            if (known != null) {
                known.note(graph);
            }
            return graph;
        } catch (IOException e) {
            throw new CheckpointException(graphFile + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Opens a graph, its own or one made of it, with the tokenizer. */
    SentenceEncoder open(OnnxModel graph, EncoderOptions options) {
        int maxTokens = maxTokens(options);
        Tokenizer opened = openTokenizer();
        try {
            EncoderModel encoder =
                    EncoderModel.open(graph, pooling(graph, options), options.runtime());
            return new SentenceEncoder(name, encoder, opened, maxTokens);
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /**
     * Returns what is asked for, or what the files say, or what the graph notes, or the mean: an
     * export alone does not say it.
     */
    Pooling pooling(OnnxModel graph, EncoderOptions options) {
        Pooling declared = EncoderConfig.read(files).pooling();
        Pooling noted = declared == null ? Pooling.noted(graph) : declared;
        Pooling known = options.pooling() == null ? noted : options.pooling();
        return known == null ? Pooling.MEAN : known;
    }

    /** Returns the most tokens of a text. */
    int maxTokens(EncoderOptions options) {
        EncoderConfig config = EncoderConfig.read(files);
        if (options.maxTokens() > config.maxTokens()) {
            throw new CheckpointException(
                    "%s: expected at most the model's %d tokens of a text, found %d in the options; ask for fewer, or for 0 to get the model's own"
                            .formatted(files.location(), config.maxTokens(), options.maxTokens()));
        }
        return options.maxTokens() == 0 ? config.maxTokens() : options.maxTokens();
    }

    /** Returns the text of the tokenizer's file. */
    String tokenizerJson() {
        String text = tokenizer == null ? null : SourceTexts.text(files, tokenizer);
        if (text == null) {
            throw new CheckpointException(
                    "%s: expected %s or %s, found neither; take it from the model's origin"
                            .formatted(files.location(), TOKENIZER, ownTokenizer(graphFile)));
        }
        return text;
    }

    Tokenizer openTokenizer() {
        String json = tokenizerJson();
        try {
            return new Tokenizer(json);
        } catch (IOException e) {
            throw new CheckpointException(
                    "%s/%s: %s; take the file from the model's origin"
                            .formatted(files.location(), tokenizer, e.getMessage()),
                    e);
        }
    }
}
