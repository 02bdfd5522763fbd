package dev.slipstream.samples.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.slipstream.pass.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads prompts from a file, plain or packed with gzip, by its ending: {@code .jsonl} has an object
 * a line with the prompt as {@code prompt} (HumanEval), {@code question} (GSM8K) or the first of
 * {@code turns} (MT-Bench, Spec-Bench), {@code .lines} a prompt a line, and {@code .txt} a running
 * text.
 */
final class PromptFile {
    private static final String[] FIELDS = {"prompt", "question", "turns"};

    private PromptFile() {}

    /** How the prompts of one file make sets. */
    enum Grouping {
        /** One set a file. */
        FILE,
        /** One set for each value of the field {@code category}. */
        CATEGORY
    }

    static List<PromptSet> read(Path file, Grouping grouping) throws IOException {
        String name = String.valueOf(file.getFileName());
        String ending = name.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
        String content = TextFile.read(file);
        if (ending.endsWith(".txt")) {
            requireSome(file, content.isBlank() ? List.of() : List.of(content));
            return List.of(new PromptSet(name, PromptSet.Form.RUNNING_TEXT, List.of(content)));
        }
        List<String> lines = content.lines().filter(line -> !line.isBlank()).toList();
        requireSome(file, lines);
        if (ending.endsWith(".lines")) {
            return List.of(new PromptSet(name, PromptSet.Form.PROMPTS, lines));
        }
        if (ending.endsWith(".jsonl")) {
            return objects(file, name, lines, grouping);
        }
        throw new IOException(
                file + ": expected a file that ends in .jsonl, .lines or .txt, found another");
    }

    private static void requireSome(Path file, List<String> texts) throws IOException {
        if (texts.isEmpty()) {
            throw new IOException(file + ": expected a prompt at least, found none");
        }
    }

    private static List<PromptSet> objects(
            Path file, String name, List<String> lines, Grouping grouping) throws IOException {
        Map<String, List<String>> sets = new LinkedHashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            JsonObject object = object(lines.get(i));
            String prompt = object == null ? null : prompt(object);
            if (object == null || prompt == null) {
                throw new IOException(
                        "%s, prompt %d: expected a JSON object with a text as %s, found %s"
                                .formatted(
                                        file,
                                        i + 1,
                                        String.join(" or ", FIELDS),
                                        object == null ? "none" : object.keySet()));
            }
            JsonElement category = object.get("category");
            String set =
                    grouping == Grouping.FILE || category == null || !category.isJsonPrimitive()
                            ? name
                            : name + ":" + category.getAsString();
            sets.computeIfAbsent(set, key -> new ArrayList<>()).add(prompt);
        }
        return sets.entrySet().stream()
                .map(set -> new PromptSet(set.getKey(), PromptSet.Form.PROMPTS, set.getValue()))
                .toList();
    }

    private static @Nullable JsonObject object(String line) {
        try {
            JsonElement element = JsonParser.parseString(line);
            return element.isJsonObject() ? element.getAsJsonObject() : null;
        } catch (JsonParseException e) {
            return null;
        }
    }

    private static @Nullable String prompt(JsonObject object) {
        for (String field : FIELDS) {
            JsonElement value = object.get(field);
            if (value instanceof JsonArray turns && !turns.isEmpty()) {
                value = turns.get(0);
            }
            if (value != null && value.isJsonPrimitive()) {
                return value.getAsString();
            }
        }
        return null;
    }
}
