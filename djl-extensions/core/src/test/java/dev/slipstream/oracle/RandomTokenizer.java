package dev.slipstream.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A byte-level BPE tokenizer without merges: two special tokens, the bytes, and padding up to the
 * vocabulary. A vocabulary below 258 lacks the last bytes.
 */
final class RandomTokenizer {
    private RandomTokenizer() {}

    static void write(Path directory, int vocabulary, int context) throws IOException {
        JsonObject ids = new JsonObject();
        JsonArray special = new JsonArray();
        for (String name : new String[] {"<|bos|>", "<|eos|>"}) {
            JsonObject token = new JsonObject();
            token.addProperty("id", ids.size());
            token.addProperty("content", name);
            for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
                token.addProperty(flag, false);
            }
            token.addProperty("special", true);
            special.add(token);
            ids.addProperty(name, ids.size());
        }
        // Byte-level BPE writes printable bytes as themselves, the others as U+0100 and up.
        for (int c = '!'; c < 256; c++) {
            boolean printable = c <= '~' || c >= 0xa1 && c != 0xad;
            if (printable && ids.size() < vocabulary) {
                ids.addProperty(Character.toString(c), ids.size());
            }
        }
        for (int i = 0; i < 68 && ids.size() < vocabulary; i++) {
            ids.addProperty(Character.toString(256 + i), ids.size());
        }
        while (ids.size() < vocabulary) {
            ids.addProperty("<pad" + ids.size() + ">", ids.size());
        }

        JsonObject model = new JsonObject();
        model.addProperty("type", "BPE");
        model.add("vocab", ids);
        model.add("merges", new JsonArray());
        JsonObject tokenizer = new JsonObject();
        tokenizer.addProperty("version", "1.0");
        tokenizer.add("added_tokens", special);
        tokenizer.add("pre_tokenizer", byteLevel());
        tokenizer.add("decoder", byteLevel());
        tokenizer.add("model", model);
        Files.writeString(directory.resolve("tokenizer.json"), tokenizer.toString());
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                """
                {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|bos|>",
                 "eos_token": "<|eos|>", "model_max_length": %s}
                """
                        .formatted(context));
        Files.writeString(
                directory.resolve("generation_config.json"),
                "{\"bos_token_id\": "
                        + RandomModel.BOS
                        + ", \"eos_token_id\": "
                        + RandomModel.EOS
                        + "}");
    }

    private static JsonObject byteLevel() {
        JsonObject step = new JsonObject();
        step.addProperty("type", "ByteLevel");
        step.addProperty("add_prefix_space", false);
        step.addProperty("trim_offsets", true);
        step.addProperty("use_regex", true);
        return step;
    }
}
