package dev.slipstream.zoo;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.decode.ChatTemplate;
import dev.slipstream.decode.Tokenizer;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The texts beside a model's weights. */
final class SourceTexts {
    private SourceTexts() {}

    static Tokenizer tokenizer(ModelSource source) {
        String json = tokenizerJson(source);
        try {
            return new Tokenizer(json);
        } catch (IOException e) {
            throw new CheckpointException(
                    "%s: %s; take the file from the model's origin"
                            .formatted(tokenizerPlace(source), e.getMessage()),
                    e);
        }
    }

    /** Returns the text of a {@code tokenizer.json}, converted where the model has another form. */
    static String tokenizerJson(ModelSource source) {
        if (source instanceof ModelSource.Llama2C) {
            return Llama2c.read(source.files()).tokenizerJson();
        }
        String json = text(source.files(), "tokenizer.json");
        if (json == null) {
            throw new CheckpointException(
                    tokenizerPlace(source)
                            + ": expected a file, found none; take it from the model's origin");
        }
        return json;
    }

    private static String tokenizerPlace(ModelSource source) {
        String location = source.files().location();
        return source instanceof ModelSource.Llama2C
                ? location + ", the tokenizer"
                : location + "/tokenizer.json";
    }

    static @Nullable ChatTemplate template(ModelFiles files) {
        return ChatTemplate.read(
                        text(files, "tokenizer_config.json"),
                        text(files, "chat_template.jinja"),
                        text(files, "chat_template.json"))
                .orElse(null);
    }

    /** Returns the texts of those files that are there, by name. */
    static Map<String, String> texts(ModelFiles files, List<String> names) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (String name : names) {
            String text = text(files, name);
            if (text != null) {
                texts.put(name, text);
            }
        }
        return texts;
    }

    /** Returns a file's text; null if there is no such file. */
    static @Nullable String text(ModelFiles files, String file) {
        try {
            return files.contains(file) ? files.text(file) : null;
        } catch (IOException e) {
            throw new CheckpointException(
                    "%s/%s cannot be read: %s".formatted(files.location(), file, e.getMessage()),
                    e);
        }
    }
}
