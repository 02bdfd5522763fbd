package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.store.StagedDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a trained decoder as a Hugging Face directory that {@code dev.slipstream.checkpoint}
 * opens. It is there as a whole or not at all.
 */
public final class DecoderDirectory {
    /** Files that training does not change, copied where the origin has them. */
    private static final List<String> COPIED =
            List.of(
                    "tokenizer.json",
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "generation_config.json",
                    "chat_template.jinja");

    /** The object of {@code config.json} that holds what Hugging Face has no field for. */
    private static final String OWN = "slipstream";

    private static final Gson JSON = new GsonBuilder().setPrettyPrinting().create();

    private DecoderDirectory() {}

    /**
     * Writes a directory in place of what was there.
     *
     * @param directory its place
     * @param decoder whose weights are written
     * @param origin configuration and tokenizer are taken from here
     * @param own what to set in the object {@code slipstream} of {@code config.json}; JSON's null
     *     removes an entry
     * @param type how the weights are stored
     * @throws IOException if a file cannot be read or written
     */
    public static void write(
            Path directory,
            DecoderBlock decoder,
            ModelFiles origin,
            JsonObject own,
            StoredType type)
            throws IOException {
        try (StagedDirectory staged = StagedDirectory.at(directory)) {
            for (String file : COPIED) {
                if (origin.contains(file)) {
                    Files.write(
                            staged.path().resolve(file),
                            bytes(origin.bytes(file, 0, origin.size(file))));
                }
            }
            String config = JSON.toJson(config(origin, own, type)) + "\n";
            Files.writeString(staged.path().resolve("config.json"), config);
            SafeTensorsWriter.write(
                    staged.path().resolve("model.safetensors"), arrays(decoder), type);
            staged.publish();
        }
    }

    /** Returns the arrays of a decoder's parameters by the names of their tensors. */
    public static Map<String, NDArray> arrays(DecoderBlock decoder) {
        Map<String, NDArray> arrays = new LinkedHashMap<>();
        decoder.tensors().forEach((name, parameter) -> arrays.put(name, parameter.getArray()));
        return arrays;
    }

    private static JsonObject config(ModelFiles origin, JsonObject own, StoredType type)
            throws IOException {
        JsonObject config = JsonParser.parseString(origin.text("config.json")).getAsJsonObject();
        config.addProperty("torch_dtype", type.torchName());
        JsonObject merged = config.has(OWN) ? config.getAsJsonObject(OWN) : new JsonObject();
        for (Map.Entry<String, JsonElement> entry : own.entrySet()) {
            if (entry.getValue().isJsonNull()) {
                merged.remove(entry.getKey());
            } else {
                merged.add(entry.getKey(), entry.getValue());
            }
        }
        config.remove(OWN);
        if (!merged.isEmpty()) {
            config.add(OWN, merged);
        }
        return config;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
