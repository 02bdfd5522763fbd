package dev.slipstream.samples.benchmarks.weights;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.Floats;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.RotaryScaling;
import dev.slipstream.checkpoint.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Writes a model as Jlama opens it: {@code config.json}, {@code tokenizer.json}, safetensors, and a
 * {@code README.md}, without which its quantiser stops.
 */
public final class HuggingFaceDirectory {
    private static final String WEIGHTS = "model.safetensors";
    private static final List<String> TEXTS =
            List.of(
                    "config.json",
                    "tokenizer.json",
                    "tokenizer_config.json",
                    "generation_config.json");

    /** Files that are cut out of a jar are copied in pieces of this size. */
    private static final long PIECE = 1 << 24;

    private HuggingFaceDirectory() {}

    /**
     * Writes the files. Of a model that has this form already the texts are copied, the weights
     * linked where the file system can; a llama2.c model is written as F32.
     *
     * @param checkpoint the model
     * @param directory an empty or new one
     * @throws CheckpointException if a file of the model is missing
     * @throws IOException if it cannot be written
     */
    public static void write(Checkpoint checkpoint, Path directory) throws IOException {
        Files.createDirectories(directory);
        ModelFiles files = checkpoint.files();
        if (files.contains("config.json")) {
            for (String text : TEXTS) {
                if (files.contains(text)) {
                    Files.writeString(directory.resolve(text), files.text(text));
                }
            }
            List<String> shards = files.matching("*.safetensors*");
            for (String shard : shards.isEmpty() ? List.of(WEIGHTS) : shards) {
                link(files, shard, directory.resolve(shard));
            }
        } else {
            Files.writeString(directory.resolve("config.json"), config(checkpoint.config()) + "\n");
            Files.writeString(directory.resolve("tokenizer.json"), checkpoint.tokenizerJson());
            writeWeights(checkpoint.weights(), directory.resolve(WEIGHTS));
        }
        Files.writeString(
                directory.resolve("README.md"),
                "The weights of %s, for a comparison of libraries.%n".formatted(checkpoint.name()));
    }

    private static void link(ModelFiles files, String name, Path target) throws IOException {
        Path source = Path.of(files.location()).resolve(name);
        if (Files.isRegularFile(source)) {
            try {
                Files.createSymbolicLink(target, source.toAbsolutePath());
                return;
            } catch (IOException | UnsupportedOperationException e) {
                // A file system without links: the bytes are copied below.
            }
        }
        long size = files.size(name);
        try (FileChannel channel = open(target)) {
            for (long at = 0; at < size; at += PIECE) {
                drain(channel, files.bytes(name, at, Math.min(PIECE, size - at)).duplicate());
            }
        }
    }

    private static void writeWeights(Weights weights, Path file) throws IOException {
        JsonObject header = new JsonObject();
        long offset = 0;
        for (String name : weights.names()) {
            JsonArray shape = new JsonArray();
            long bytes = Float.BYTES;
            for (long dimension : weights.shape(name)) {
                shape.add(dimension);
                bytes *= dimension;
            }
            JsonArray offsets = new JsonArray();
            offsets.add(offset);
            offset += bytes;
            offsets.add(offset);
            JsonObject tensor = new JsonObject();
            tensor.addProperty("dtype", "F32");
            tensor.add("shape", shape);
            tensor.add("data_offsets", offsets);
            header.add(name, tensor);
        }
        String text = header.toString();
        byte[] padded = (text + " ".repeat(-text.length() & 7)).getBytes(StandardCharsets.US_ASCII);
        try (FileChannel channel = open(file)) {
            ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            drain(channel, length.putLong(padded.length).flip());
            drain(channel, ByteBuffer.wrap(padded));
            for (String name : weights.names()) {
                drain(channel, Floats.toFloat32(weights.tensor(name)).data().duplicate());
            }
        }
    }

    private static JsonObject config(DecoderConfig config) {
        if (!(config.rotary() instanceof RotaryScaling.None)) {
            throw new IllegalArgumentException(
                    "expected rotary angles as they are, found " + config.rotary());
        }
        JsonObject json = new JsonObject();
        JsonArray architectures = new JsonArray();
        architectures.add(config.architecture());
        json.add("architectures", architectures);
        json.addProperty("model_type", "llama");
        json.addProperty("hidden_size", config.hiddenSize());
        json.addProperty("intermediate_size", config.intermediateSize());
        json.addProperty("num_hidden_layers", config.layers());
        json.addProperty("num_attention_heads", config.heads());
        json.addProperty("num_key_value_heads", config.keyValueHeads());
        json.addProperty("head_dim", config.headSize());
        json.addProperty("vocab_size", config.vocabularySize());
        json.addProperty("max_position_embeddings", config.contextLength());
        json.addProperty("hidden_act", "silu");
        json.addProperty("rms_norm_eps", config.normEpsilon());
        json.addProperty("rope_theta", config.rotary().theta());
        json.addProperty("tie_word_embeddings", config.tiedEmbeddings());
        json.addProperty("attention_bias", config.attentionBias());
        Integer begin = config.beginToken();
        if (begin != null) {
            json.addProperty("bos_token_id", begin);
        }
        config.endTokens().stream()
                .max(Integer::compare)
                .ifPresent(end -> json.addProperty("eos_token_id", end));
        json.addProperty("torch_dtype", "float32");
        return json;
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
    }

    private static void drain(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
