package dev.slipstream.samples.benchmarks.weights;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.DecoderConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A {@code tokenizer.json} in the words of GGUF: {@code gpt2} for byte-level vocabularies, whose
 * merges are stored, and {@code llama} for SentencePiece's, where a piece's score says which merge
 * goes first.
 */
final class GgufTokenizer {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;
    private static final int BYTE = 6;

    private final String where;
    private final DecoderConfig config;
    private final JsonObject json;
    private final JsonObject model;
    private final String[] tokens;
    private final int[] types;

    private GgufTokenizer(String where, DecoderConfig config, JsonObject json) {
        this.where = where;
        this.config = config;
        this.json = json;
        this.model = json.getAsJsonObject("model");
        this.tokens = new String[config.vocabularySize()];
        this.types = new int[tokens.length];
    }

    /**
     * Reads a checkpoint's tokenizer.
     *
     * @throws CheckpointException if it is not a byte-pair encoding, or cuts text in a way that has
     *     no name in llama.cpp
     */
    static GgufTokenizer of(Checkpoint checkpoint) {
        String where = checkpoint.files().location() + "/tokenizer.json";
        JsonObject json = JsonParser.parseString(checkpoint.tokenizerJson()).getAsJsonObject();
        GgufTokenizer tokenizer = new GgufTokenizer(where, checkpoint.config(), json);
        tokenizer.collect();
        return tokenizer;
    }

    private void collect() {
        JsonElement type = model == null ? null : model.get("type");
        if (model == null || type != null && !type.getAsString().equals("BPE")) {
            throw wrong("model.type", "BPE", type);
        }
        Arrays.setAll(tokens, id -> "[PAD" + id + "]");
        Arrays.fill(types, UNUSED);
        JsonElement unknown = model.get("unk_token");
        for (Map.Entry<String, JsonElement> piece : model.getAsJsonObject("vocab").entrySet()) {
            String text = piece.getKey();
            boolean isByte = text.matches("<0x[0-9A-F]{2}>");
            boolean isUnknown = text.equals(unknown == null ? null : textOf(unknown));
            put(
                    piece.getValue().getAsInt(),
                    text,
                    isUnknown && !text.equals("\n") ? UNKNOWN : isByte ? BYTE : NORMAL);
        }
        for (JsonElement added : array(json, "added_tokens")) {
            JsonObject token = added.getAsJsonObject();
            boolean special = token.has("special") && token.get("special").getAsBoolean();
            int id = token.get("id").getAsInt();
            if (id < types.length && types[id] != UNKNOWN) {
                put(id, token.get("content").getAsString(), special ? CONTROL : USER_DEFINED);
            }
        }
    }

    private void put(int id, String text, int type) {
        if (id < 0 || id >= tokens.length) {
            throw wrong("vocab: " + text, "an id below " + tokens.length, id);
        }
        tokens[id] = text;
        types[id] = type;
    }

    void write(GgufMetadata metadata) {
        boolean byteLevel = step(json.get("pre_tokenizer"), "ByteLevel") != null;
        List<String[]> merges = merges();
        if (byteLevel) {
            metadata.text("tokenizer.ggml.model", "gpt2");
            metadata.text("tokenizer.ggml.pre", cuts());
            metadata.texts("tokenizer.ggml.tokens", List.of(tokens));
            metadata.texts(
                    "tokenizer.ggml.merges",
                    merges.isEmpty()
                            ? List.of(unreachable())
                            : merges.stream().map(pair -> pair[0] + " " + pair[1]).toList());
        } else {
            metadata.text("tokenizer.ggml.model", "llama");
            metadata.texts(
                    "tokenizer.ggml.tokens",
                    Stream.of(tokens).map(token -> token.replace(' ', '\u2581')).toList());
            metadata.reals("tokenizer.ggml.scores", scores(merges));
            metadata.flag(
                    "tokenizer.ggml.add_space_prefix",
                    step(json.get("normalizer"), "Prepend") != null);
        }
        metadata.numbers("tokenizer.ggml.token_type", types);
        boolean begins = beginsText();
        metadata.flag("tokenizer.ggml.add_bos_token", begins);
        metadata.flag("tokenizer.ggml.add_eos_token", false);
        Integer begin = config.beginToken();
        if (begin != null) {
            metadata.number("tokenizer.ggml.bos_token_id", begin);
        }
        config.endTokens().stream()
                .filter(end -> !end.equals(begin) || config.endTokens().size() == 1)
                .sorted()
                .findFirst()
                .ifPresent(end -> metadata.number("tokenizer.ggml.eos_token_id", end));
    }

    /** A pair that no text has: llama.cpp refuses a vocabulary without merges. */
    private String unreachable() {
        String last = tokens[tokens.length - 1];
        return last + " " + last;
    }

    private List<String[]> merges() {
        List<String[]> merges = new ArrayList<>();
        for (JsonElement merge : array(model, "merges")) {
            if (merge.isJsonArray()) {
                JsonArray pair = merge.getAsJsonArray();
                merges.add(new String[] {pair.get(0).getAsString(), pair.get(1).getAsString()});
            } else {
                merges.add(merge.getAsString().split(" ", 2));
            }
        }
        return merges;
    }

    /** The earlier a merge comes, the higher is the score of the piece that it makes. */
    private float[] scores(List<String[]> merges) {
        Map<String, Integer> ranks = new HashMap<>();
        for (String[] pair : merges) {
            ranks.putIfAbsent(pair[0] + pair[1], ranks.size());
        }
        float[] scores = new float[tokens.length];
        for (int id = 0; id < scores.length; id++) {
            scores[id] = types[id] == NORMAL ? -ranks.getOrDefault(tokens[id], ranks.size()) : 0;
        }
        return scores;
    }

    /** Returns llama.cpp's name for the way in which text is cut before merging. */
    private String cuts() {
        JsonElement steps = json.get("pre_tokenizer");
        JsonObject split = step(steps, "Split");
        if (split != null) {
            String pattern = String.valueOf(split.get("pattern"));
            if (pattern.contains("\\\\p{N}{1,3}")) {
                return "llama-bpe";
            }
            if (pattern.contains("\\\\p{N}|")) {
                return "qwen2";
            }
            throw wrong("pre_tokenizer", "the pattern of Llama 3, Qwen2, GPT-2 or SmolLM", split);
        }
        return step(steps, "Digits") == null ? "gpt-2" : "smollm";
    }

    private boolean beginsText() {
        JsonObject template = step(json.get("post_processor"), "TemplateProcessing");
        JsonArray single = template == null ? new JsonArray() : array(template, "single");
        return !single.isEmpty() && single.get(0).getAsJsonObject().has("SpecialToken");
    }

    /** Returns the step of that type in a step or a sequence of them; null if there is none. */
    private static @Nullable JsonObject step(@Nullable JsonElement element, String type) {
        if (element == null || !element.isJsonObject()) {
            return null;
        }
        JsonObject step = element.getAsJsonObject();
        if (step.has("type") && step.get("type").getAsString().equals(type)) {
            return step;
        }
        for (String sequence : List.of("pretokenizers", "normalizers", "processors")) {
            for (JsonElement inner : array(step, sequence)) {
                JsonObject found = step(inner, type);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private static JsonArray array(JsonObject object, String field) {
        JsonElement element = object.get(field);
        return element != null && element.isJsonArray()
                ? element.getAsJsonArray()
                : new JsonArray();
    }

    private static @Nullable String textOf(JsonElement element) {
        return element.isJsonPrimitive() ? element.getAsString() : null;
    }

    private CheckpointException wrong(String field, String expected, @Nullable Object found) {
        return new CheckpointException(
                "%s: %s: expected %s, found %s; compare with another model"
                        .formatted(where, field, expected, found));
    }
}
