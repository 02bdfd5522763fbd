package dev.slipstream.zoo;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Picks a request's default parameters out of a criteria's arguments. */
final class RequestArguments {
    private static final List<String> NUMBERS =
            List.of(
                    "max_new_tokens",
                    "temperature",
                    "top_k",
                    "top_p",
                    "min_p",
                    "repetition_penalty",
                    "frequency_penalty",
                    "presence_penalty",
                    "seed",
                    "ms_per_token",
                    "skip_threshold",
                    "skip_count",
                    "skip_warm_up");

    private static final String EFFORT = "effort";
    private static final String SAMPLE = "do_sample";

    private RequestArguments() {}

    /** Returns the names of all arguments, sorted. */
    static Set<String> names() {
        Set<String> names = new TreeSet<>(NUMBERS);
        names.add(EFFORT);
        names.add(SAMPLE);
        return names;
    }

    static JsonObject parameters(Map<String, ?> arguments) {
        JsonObject result = new JsonObject();
        for (String name : NUMBERS) {
            Object value = arguments.get(name);
            if (value instanceof Number number) {
                result.addProperty(name, number);
            } else if (value != null) {
                result.add(name, numberOrText(value.toString()));
            }
        }
        Object effort = arguments.get(EFFORT);
        if (effort != null) {
            result.addProperty(EFFORT, effort.toString());
        }
        Object sample = arguments.get(SAMPLE);
        if (sample != null) {
            result.addProperty(SAMPLE, Boolean.parseBoolean(sample.toString()));
        }
        return result;
    }

    /** Arguments from a URL are texts; one that is no number is refused later, by its name. */
    private static JsonPrimitive numberOrText(String value) {
        try {
            return new JsonPrimitive(new java.math.BigDecimal(value));
        } catch (NumberFormatException e) {
            return new JsonPrimitive(value);
        }
    }
}
