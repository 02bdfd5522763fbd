package dev.slipstream.zoo;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.ImportedConfig;
import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where a model lies and in which form. */
sealed interface ModelSource {
    /** Returns the model's name. */
    String name();

    /** Returns the files beside its weights. */
    ModelFiles files();

    /** A Hugging Face checkpoint: {@code config.json} and safetensors. */
    record HuggingFace(String name, ModelFiles files) implements ModelSource {}

    /** A checkpoint of llama2.c with its tokenizer. */
    record Llama2C(String name, ModelFiles files) implements ModelSource {}

    /** An ONNX file, opened as it is. */
    record Onnx(String name, ModelFiles files, Path file) implements ModelSource {}

    /**
     * Finds a model.
     *
     * @param location the name of an embedded model, a directory, or an ONNX file
     * @param precision which of several ONNX files of a directory is wanted
     * @throws CheckpointException if there is none
     */
    static ModelSource find(String location, Precision precision) {
        ModelFiles embedded = EmbeddedModels.find(location);
        if (embedded != null) {
            return Llama2c.isLlama2c(embedded)
                    ? new Llama2C(location, embedded)
                    : new HuggingFace(location, embedded);
        }
        Path path = path(location);
        if (path != null && Files.isDirectory(path)) {
            return inDirectory(path, precision);
        }
        if (path != null && Files.isRegularFile(path) && location.endsWith(".onnx")) {
            Path absolute = path.toAbsolutePath();
            return new Onnx(fileName(path), ModelFiles.of(tokenizerFolder(absolute)), absolute);
        }
        throw new CheckpointException(
                "%s: expected the name of an embedded model (%s), a model directory or an ONNX file, found none of them"
                        .formatted(location, String.join(", ", EmbeddedModels.names())));
    }

    private static ModelSource inDirectory(Path directory, Precision precision) {
        ModelFiles files = ModelFiles.of(directory);
        String name = fileName(directory);
        if (Llama2c.isLlama2c(files)) {
            return new Llama2C(name, files);
        }
        if (files.contains("config.json")
                && (files.contains("model.safetensors")
                        || files.contains("model.safetensors.index.json"))) {
            return new HuggingFace(name, files);
        }
        return new Onnx(name, files, onnxFile(directory, files, precision).toAbsolutePath());
    }

    private static Path onnxFile(Path directory, ModelFiles files, Precision precision) {
        String declared = ImportedConfig.read(files).file();
        if (declared != null) {
            if (files.contains(declared)) {
                return directory.resolve(declared);
            }
            throw new CheckpointException(
                    "%s/genai_config.json: filename: expected the name of a file beside it, found %s, which is not there; copy the whole directory from the model's origin"
                            .formatted(directory, declared));
        }
        List<String> names = names(precision);
        for (String name : names) {
            for (String file : List.of(name + ".onnx", "onnx/" + name + ".onnx")) {
                if (files.contains(file)) {
                    return directory.resolve(file);
                }
            }
        }
        throw new CheckpointException(
                "%s: expected a model: config.json with model.safetensors, a llama2.c checkpoint, genai_config.json, or in the directory or its sub-directory onnx one of %s.onnx; found %s; if another file is the decoder, give its path"
                        .formatted(
                                directory,
                                String.join(".onnx, ", names),
                                found(files).isEmpty() ? "no file" : found(files)));
    }

    private static String found(ModelFiles files) {
        try {
            return String.join(", ", files.matching("*"));
        } catch (IOException e) {
            throw new CheckpointException(
                    files.location() + ": expected a directory that can be listed: " + e, e);
        }
    }

    /** The names that exporters give, those of the wanted precision first. */
    private static List<String> names(Precision precision) {
        List<String> wanted =
                switch (precision) {
                    case FP32 -> List.of("model", "decoder_model_merged");
                    case INT8 -> List.of("model_quantized", "model_int8", "model_q8");
                    case INT4 -> List.of("model_q4", "model_int4", "model_bnb4", "model_q4f16");
                };
        List<String> others =
                List.of(
                        "model",
                        "decoder_model_merged",
                        "decoder_with_past_model",
                        "decoder",
                        "model_fp16",
                        "model_quantized",
                        "decoder_model_merged_quantized",
                        "model_q4",
                        "model_q4f16");
        return Stream.concat(wanted.stream(), others.stream()).distinct().toList();
    }

    /** A file in a folder {@code onnx} has its tokenizer one level up. */
    private static Path tokenizerFolder(Path file) {
        Path folder = file.getParent();
        Path above = folder.getParent();
        return above != null
                        && !Files.exists(folder.resolve("tokenizer.json"))
                        && Files.exists(above.resolve("tokenizer.json"))
                ? above
                : folder;
    }

    private static @Nullable Path path(String location) {
        try {
            return Path.of(location);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private static String fileName(Path path) {
        Path name = path.toAbsolutePath().normalize().getFileName();
        return name == null ? path.toString() : name.toString();
    }
}
