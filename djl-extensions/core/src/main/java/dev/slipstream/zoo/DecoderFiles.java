package dev.slipstream.zoo;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.slipstream.checkpoint.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** The files beside an accelerated decoder. */
final class DecoderFiles {
    private static final String CONFIG = "config.json";
    private static final String GENERATION = "generation_config.json";

    private static final List<String> COPIED =
            List.of(
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "chat_template.jinja",
                    "chat_template.json");

    private DecoderFiles() {}

    static AcceleratedFiles of(ModelSource source, SourceGraph read, Precision precision) {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("tokenizer.json", SourceTexts.tokenizerJson(source));
        texts.putAll(SourceTexts.texts(source.files(), COPIED));
        texts.put(CONFIG, config(source, read));
        String generation = SourceTexts.text(source.files(), GENERATION);
        if (generation != null) {
            texts.put(
                    GENERATION,
                    ModelDirectory.json(tokens(ModelDirectory.object(generation), read)));
        }
        String weights = precision.name().toLowerCase(Locale.ROOT);
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("weights", weights);
        about.put("contextLength", read.contextLength());
        return new AcceleratedFiles(texts, about, "--weights " + weights);
    }

    /** What {@link dev.slipstream.checkpoint.ImportedConfig} reads, over the source's own. */
    private static String config(ModelSource source, SourceGraph read) {
        JsonObject config = ModelDirectory.object(SourceTexts.text(source.files(), CONFIG));
        if (source instanceof ModelSource.Llama2C) {
            config.addProperty("model_type", "llama");
        }
        // The first of the names that families have for it: it must be the one that counts.
        config.addProperty("max_position_embeddings", read.contextLength());
        return ModelDirectory.json(tokens(config, read));
    }

    private static JsonObject tokens(JsonObject json, SourceGraph read) {
        Integer begin = read.beginToken();
        if (begin == null) {
            json.remove("bos_token_id");
        } else {
            json.addProperty("bos_token_id", begin);
        }
        JsonArray ends = new JsonArray();
        new TreeSet<>(read.endTokens()).forEach(ends::add);
        json.add("eos_token_id", ends);
        return json;
    }
}
