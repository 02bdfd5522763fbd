package dev.slipstream.checkpoint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one JSON object, read by type; every error names the file and the field. A field
 * that is {@code null} counts as absent, as in Hugging Face's configurations.
 */
record JsonFields(String where, JsonObject object) {
    static JsonFields read(ModelFiles files, String file) {
        String where = files.location() + "/" + file;
        try {
            JsonElement json = JsonParser.parseString(files.text(file));
            if (!json.isJsonObject()) {
                throw new CheckpointException(
                        where + ": expected a JSON object, found another JSON value");
            }
            return new JsonFields(where, json.getAsJsonObject());
        } catch (JsonParseException e) {
            throw new CheckpointException(
                    where + ": expected JSON, found an error: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new CheckpointException(where + ": cannot be read: " + e.getMessage(), e);
        }
    }

    boolean has(String name) {
        return get(name) != null;
    }

    int integer(String name) {
        Integer value = integerOrNull(name);
        if (value == null) {
            throw missing(name, "an integer");
        }
        return value;
    }

    int integer(String name, int absent) {
        Integer value = integerOrNull(name);
        return value == null ? absent : value;
    }

    @Nullable Integer integerOrNull(String name) {
        JsonElement value = get(name);
        return value == null ? null : integer(name, value);
    }

    double number(String name) {
        Double value = numberOrNull(name);
        if (value == null) {
            throw missing(name, "a number");
        }
        return value;
    }

    double number(String name, double absent) {
        Double value = numberOrNull(name);
        return value == null ? absent : value;
    }

    @Nullable Double numberOrNull(String name) {
        JsonElement value = get(name);
        if (value == null) {
            return null;
        }
        double number = decimal(name, value, "a number").doubleValue();
        if (!Double.isFinite(number)) {
            throw wrong(name, "a finite number", value);
        }
        return number;
    }

    boolean flag(String name, boolean absent) {
        Boolean value = flagOrNull(name);
        return value == null ? absent : value;
    }

    @Nullable Boolean flagOrNull(String name) {
        JsonElement value = get(name);
        if (value == null) {
            return null;
        }
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isBoolean()) {
            throw wrong(name, "true or false", value);
        }
        return value.getAsBoolean();
    }

    @Nullable String textOrNull(String name) {
        JsonElement value = get(name);
        return value == null ? null : text(name, value);
    }

    @Nullable JsonFields fieldsOrNull(String name) {
        JsonElement value = get(name);
        if (value == null) {
            return null;
        }
        if (!value.isJsonObject()) {
            throw wrong(name, "a JSON object", value);
        }
        return new JsonFields(where + ", " + name, value.getAsJsonObject());
    }

    List<String> texts(String name) {
        JsonElement value = get(name);
        if (value == null) {
            return List.of();
        }
        if (!value.isJsonArray()) {
            throw wrong(name, "a list of texts", value);
        }
        List<String> texts = new ArrayList<>();
        value.getAsJsonArray().forEach(v -> texts.add(text(name, v)));
        return texts;
    }

    /** Returns the integers of a field that is absent, one integer, or a list of them. */
    Set<Integer> integers(String name) {
        JsonElement value = get(name);
        Set<Integer> integers = new LinkedHashSet<>();
        if (value != null && value.isJsonArray()) {
            value.getAsJsonArray().forEach(v -> integers.add(integer(name, v)));
        } else if (value != null) {
            integers.add(integer(name, value));
        }
        return integers;
    }

    CheckpointException wrong(String name, String expected, Object found) {
        return new CheckpointException(
                "%s: %s: expected %s, found %s".formatted(where, name, expected, found));
    }

    private CheckpointException missing(String name, String expected) {
        return new CheckpointException(
                "%s: %s: expected %s, found no such field; take the file from the model's origin"
                        .formatted(where, name, expected));
    }

    private @Nullable JsonElement get(String name) {
        JsonElement value = object.get(name);
        return value == null || value.isJsonNull() ? null : value;
    }

    private int integer(String name, JsonElement value) {
        try {
            return decimal(name, value, "an integer").intValueExact();
        } catch (ArithmeticException e) {
            throw wrong(name, "an integer of 32 bits", value);
        }
    }

    private BigDecimal decimal(String name, JsonElement value, String expected) {
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isNumber()) {
            throw wrong(name, expected, value);
        }
        try {
            return value.getAsBigDecimal();
        } catch (NumberFormatException e) {
            throw wrong(name, expected, value);
        }
    }

    private String text(String name, JsonElement value) {
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
            throw wrong(name, "a text", value);
        }
        return value.getAsString();
    }
}
