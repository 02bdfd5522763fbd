package dev.slipstream.decode;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A tokenizer in the form of Llama 2's, made on the spot: BPE with one token for each byte, spaces
 * as U+2581, a leading space that is added when encoding and stripped when decoding.
 */
final class SentencePieceTokenizer {
    /** {@code <unk> <s> </s>}, then 256 bytes, then these. */
    static final int FIRST_BYTE = 3;

    static final int FIRST_TEXT = FIRST_BYTE + 256;

    private static final String[] TEXTS = {
        "▁", "a", "b", "c", "d", "e", "n", "o", "t", "h", "é", ".", "\n", "▁a", "▁t", "th", "▁th",
        "he", "▁the", "on", "▁on", "▁▁"
    };

    private static final String[] MERGES = {
        "▁ a", "▁ t", "t h", "▁ th", "h e", "▁t he", "o n", "▁ on", "▁ ▁"
    };

    /** Replaces, joins bytes, fuses, and strips one leading space: as in Llama 2's file. */
    static final String LLAMA_DECODER =
            """
            {"type": "Sequence", "decoders": [
              {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
              {"type": "ByteFallback"}, {"type": "Fuse"},
              {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
            """;

    /** As in the files of later conversions. */
    static final String METASPACE_DECODER =
            """
            {"type": "Sequence", "decoders": [
              {"type": "ByteFallback"},
              {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false}]}
            """;

    private SentencePieceTokenizer() {}

    static HuggingFaceTokenizer open(String decoder) throws IOException {
        JsonObject vocabulary = new JsonObject();
        String[] special = {"<unk>", "<s>", "</s>"};
        JsonArray added = new JsonArray();
        for (int id = 0; id < special.length; id++) {
            vocabulary.addProperty(special[id], id);
            added.add(
                    JsonParser.parseString(
                            """
                            {"id": %s, "content": "%s", "single_word": false, "lstrip": false,
                             "rstrip": false, "normalized": false, "special": true}
                            """
                                    .formatted(id, special[id])));
        }
        for (int b = 0; b < 256; b++) {
            vocabulary.addProperty("<0x%02X>".formatted(b), FIRST_BYTE + b);
        }
        for (String text : TEXTS) {
            vocabulary.addProperty(text, vocabulary.size());
        }
        JsonArray merges = new JsonArray();
        for (String merge : MERGES) {
            merges.add(merge);
        }
        JsonObject model =
                JsonParser.parseString(
                                """
                                {"type": "BPE", "dropout": null, "unk_token": "<unk>",
                                 "continuing_subword_prefix": null, "end_of_word_suffix": null,
                                 "fuse_unk": true, "byte_fallback": true}
                                """)
                        .getAsJsonObject();
        model.add("vocab", vocabulary);
        model.add("merges", merges);
        JsonObject file =
                JsonParser.parseString(
                                """
                                {"version": "1.0", "truncation": null, "padding": null,
                                 "normalizer": {"type": "Sequence", "normalizers": [
                                   {"type": "Prepend", "prepend": "▁"},
                                   {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
                                 "pre_tokenizer": null, "post_processor": null}
                                """)
                        .getAsJsonObject();
        file.add("added_tokens", added);
        file.add("decoder", JsonParser.parseString(decoder));
        file.add("model", model);
        return HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(file.toString().getBytes(StandardCharsets.UTF_8)),
                Map.of());
    }

    /** The number of ids. */
    static int size() {
        return FIRST_TEXT + TEXTS.length;
    }
}
