package dev.slipstream.checkpoint;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A directory with a small {@code config.json} that tests change field by field. */
final class ConfigFile {
    private final Path directory;
    private final JsonObject json;

    ConfigFile(Path directory, String architecture) {
        this.directory = directory;
        json =
                JsonParser.parseString(
                                """
                                {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
                                 "num_key_value_heads": 2, "intermediate_size": 48, "vocab_size": 100,
                                 "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
                                 "hidden_act": "silu", "eos_token_id": 2, "bos_token_id": 1}
                                """)
                        .getAsJsonObject();
        with("architectures", "[\"" + architecture + "\"]");
    }

    ConfigFile with(String field, String value) {
        json.add(field, JsonParser.parseString(value));
        return this;
    }

    ConfigFile without(String field) {
        json.remove(field);
        return this;
    }

    ConfigFile generation(String text) {
        write("generation_config.json", text);
        return this;
    }

    DecoderConfig read() {
        write("config.json", json.toString());
        return DecoderConfig.read(ModelFiles.of(directory));
    }

    private void write(String file, String text) {
        try {
            Files.writeString(directory.resolve(file), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
