package dev.slipstream.zoo;

import ai.djl.modality.Input;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import java.util.List;
import java.util.Locale;

/**
 * One request, checked.
 *
 * @param prompt what to continue
 * @param parameters of this request over those of the criteria
 * @param shape what the parameters ask of the answer
 */
record TgiRequest(Prompt prompt, JsonObject parameters, TgiParameters shape) {
    private static final List<String> COUNTS =
            List.of(
                    "generated_tokens",
                    "cached_tokens",
                    "drafted_tokens",
                    "accepted_tokens",
                    "gated_sublayers",
                    "skipped_sublayers",
                    "denoising_runs",
                    "verification_runs",
                    "storing_runs");

    static TgiRequest read(Input input, JsonObject defaults, TextGenerator generator) {
        String body = TgiTranslator.body(input);
        String contentType = input.getProperty("Content-Type", "");
        JsonObject parameters = defaults.deepCopy();
        String text = body;
        if (contentType.toLowerCase(Locale.ROOT).startsWith("application/json")) {
            JsonElement json = parse(body);
            if (json instanceof JsonObject object) {
                text = text("inputs", object.get("inputs"));
                for (String name : object.keySet()) {
                    if (!name.equals("inputs")
                            && !name.equals("parameters")
                            && !name.equals("stream")) {
                        throw new InvalidOptionException(
                                name, "expected only inputs, parameters and stream in a request");
                    }
                }
                merge(object.get("parameters"), parameters);
            } else {
                text = text("inputs", json);
            }
        }
        TgiParameters shape = TgiParameters.of(parameters, generator.defaults());
        if (shape.details()) {
            parameters.addProperty("details", true);
        }
        Prompt prompt = generator.prompt(text);
        if (shape.truncate() != null) {
            prompt = TgiTranslator.last(prompt, shape.truncate());
        }
        try {
            generator.check(prompt, shape.options());
        } catch (InvalidOptionException e) {
            throw TgiParameters.renamed(e);
        }
        return new TgiRequest(prompt, parameters, shape);
    }

    /** Returns the answer to a finished text. */
    JsonObject answer(JsonObject description) {
        JsonObject answer = new JsonObject();
        answer.addProperty("generated_text", fullText(description.get("text").getAsString()));
        if (shape.details()) {
            answer.add("details", details(description, description.getAsJsonArray("tokens")));
        }
        return answer;
    }

    /** Returns the text with the prompt before it, if it was asked for. */
    String fullText(String generated) {
        return shape.returnFullText() ? prompt.text() + generated : generated;
    }

    /** Returns the details of a finished text. */
    JsonObject details(JsonObject end, JsonArray tokens) {
        JsonObject details = new JsonObject();
        details.add("finish_reason", end.get("finish_reason"));
        for (String count : COUNTS) {
            if (end.has(count)) {
                details.add(count, end.get(count));
            }
        }
        details.add("seed", parameters.has("seed") ? parameters.get("seed") : JsonNull.INSTANCE);
        details.add("prefill", new JsonArray());
        details.add("tokens", tokens);
        return details;
    }

    private static JsonElement parse(String body) {
        try {
            return JsonParser.parseString(body);
        } catch (JsonParseException e) {
            throw new InvalidOptionException(
                    "inputs", "the request is not JSON: " + e.getMessage());
        }
    }

    private static String text(String name, @org.jspecify.annotations.Nullable JsonElement value) {
        if (value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isString()) {
            return value.getAsString();
        }
        throw new InvalidOptionException(
                name, "expected a text, found " + (value == null ? "none" : value));
    }

    private static void merge(
            @org.jspecify.annotations.Nullable JsonElement given, JsonObject parameters) {
        if (given == null || given.isJsonNull()) {
            return;
        }
        if (!(given instanceof JsonObject object)) {
            throw new InvalidOptionException(
                    "parameters", "expected a JSON object, found " + given);
        }
        object.entrySet().forEach(entry -> parameters.add(entry.getKey(), entry.getValue()));
    }
}
