package dev.slipstream.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands in a saved directory beside the weights, and that it is whole. */
class DecoderDirectoryTest {
    @TempDir Path directory;

    @Test
    void ownEntriesAreMergedAndRemoved() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = origin(manager);
            Path origin = directory.resolve("origin");
            Files.writeString(origin.resolve("tokenizer.json"), "{}");
            Files.writeString(origin.resolve("README.md"), "of the origin");
            JsonObject own =
                    json("{'ffn_granularities': null, 'block_diffusion': {'block_size': 4}}");
            Path saved = directory.resolve("saved");
            DecoderDirectory.write(saved, decoder, ModelFiles.of(origin), own, StoredType.FLOAT16);
            JsonObject config = json(Files.readString(saved.resolve("config.json")));
            assertThat(config.getAsJsonObject("slipstream"))
                    .isEqualTo(json("{'other': 1, 'block_diffusion': {'block_size': 4}}"));
            assertThat(config.get("torch_dtype").getAsString()).isEqualTo("float16");
            assertThat(names(saved))
                    .containsExactlyInAnyOrder(
                            "config.json", "model.safetensors", "tokenizer.json");
        }
    }

    @Test
    void aFailureLeavesWhatWasThere() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = origin(manager);
            ModelFiles origin = ModelFiles.of(directory.resolve("origin"));
            Path saved = directory.resolve("saved");
            DecoderDirectory.write(saved, decoder, origin, new JsonObject(), StoredType.FLOAT16);
            byte[] before = Files.readAllBytes(saved.resolve("model.safetensors"));
            NDArray norm = decoder.tensors().get("model.norm.weight").getArray();
            norm.muli(1e6);
            assertThatThrownBy(
                            () ->
                                    DecoderDirectory.write(
                                            saved,
                                            decoder,
                                            origin,
                                            new JsonObject(),
                                            StoredType.FLOAT16))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("model.norm.weight: expected weights within the range")
                    .hasMessageContaining("FLOAT32");
            assertThat(Files.readAllBytes(saved.resolve("model.safetensors"))).isEqualTo(before);
            assertThat(names(directory)).containsExactlyInAnyOrder("origin", "saved");
        }
    }

    private DecoderBlock origin(NDManager manager) throws IOException {
        return new TinyDecoder("LlamaForCausalLM")
                .with("slipstream", "{\"ffn_granularities\": [24, 48], \"other\": 1}")
                .draw(manager, directory.resolve("origin"), 1);
    }

    private static JsonObject json(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    private static Stream<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).toList().stream();
        }
    }
}
