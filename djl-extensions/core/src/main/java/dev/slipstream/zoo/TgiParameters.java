package dev.slipstream.zoo;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The {@code parameters} of a request in the words of Hugging Face's Text Generation Inference.
 *
 * @param options for the decoder
 * @param details whether the answer tells tokens and finish reason
 * @param returnFullText whether the answer begins with the prompt
 * @param truncate keeps only this many last tokens of the prompt; null keeps all
 */
record TgiParameters(
        GenerationOptions options,
        boolean details,
        boolean returnFullText,
        @Nullable Integer truncate) {
    /** Parameters of TGI that Slipstream has nothing for. */
    private static final List<String> REFUSED =
            List.of(
                    "adapter_id",
                    "best_of",
                    "decoder_input_details",
                    "grammar",
                    "typical_p",
                    "watermark");

    private static final Map<String, String> NAMES =
            Map.ofEntries(
                    Map.entry("maxTokens", "max_new_tokens"),
                    Map.entry("stopStrings", "stop"),
                    Map.entry("topLogProbabilities", "top_n_tokens"),
                    Map.entry("topK", "top_k"),
                    Map.entry("topP", "top_p"),
                    Map.entry("minP", "min_p"),
                    Map.entry("repetitionPenalty", "repetition_penalty"),
                    Map.entry("frequencyPenalty", "frequency_penalty"),
                    Map.entry("presencePenalty", "presence_penalty"),
                    Map.entry("millisPerToken", "ms_per_token"),
                    Map.entry("skipThreshold", "skip_threshold"),
                    Map.entry("skipCount", "skip_count"),
                    Map.entry("skipWarmUp", "skip_warm_up"));

    /**
     * Reads parameters.
     *
     * @param json the object {@code parameters}
     * @param defaults the model's own
     * @throws InvalidOptionException that names the parameter as it is written in the request
     */
    static TgiParameters of(JsonObject json, GenerationOptions defaults) {
        GenerationOptions.Builder options = defaults.toBuilder();
        boolean details = false;
        boolean fullText = false;
        Integer truncate = null;
        Boolean sample = null;
        Integer topTokens = null;
        String level = null;
        Double millis = null;
        Double threshold = null;
        Integer count = null;
        Integer warmUp = null;
        for (Map.Entry<String, JsonElement> entry : json.entrySet()) {
            String name = entry.getKey();
            JsonElement value = entry.getValue();
            if (value.isJsonNull()) {
                continue;
            }
            switch (name) {
                case "max_new_tokens" -> options.maxTokens(integer(name, value));
                case "temperature" -> options.temperature(number(name, value));
                case "top_k" -> options.topK(integer(name, value));
                case "top_p" -> options.topP(number(name, value));
                case "min_p" -> options.minP(number(name, value));
                case "repetition_penalty" -> options.repetitionPenalty(number(name, value));
                case "frequency_penalty" -> options.frequencyPenalty(number(name, value));
                case "presence_penalty" -> options.presencePenalty(number(name, value));
                case "seed" -> options.seed(seed(name, value));
                case "stop" -> options.stopStrings(texts(name, value));
                case "do_sample" -> sample = flag(name, value);
                case "details" -> details = flag(name, value);
                case "return_full_text" -> fullText = flag(name, value);
                case "top_n_tokens" -> topTokens = integer(name, value);
                case "truncate" -> truncate = positive(name, value);
                case "effort" -> level = text(name, value);
                case "ms_per_token" -> millis = number(name, value);
                case "skip_threshold" -> threshold = number(name, value);
                case "skip_count" -> count = integer(name, value);
                case "skip_warm_up" -> warmUp = integer(name, value);
                default -> refuse(name, value);
            }
        }
        if (Boolean.FALSE.equals(sample)) {
            options.temperature(0);
        } else if (Boolean.TRUE.equals(sample)
                && !json.has("temperature")
                && defaults.temperature() == 0) {
            options.temperature(1);
        }
        if (details || topTokens != null) {
            options.topLogProbabilities(topTokens == null ? 0 : topTokens);
        }
        try {
            EffortRequest effort = new EffortRequest(level, millis, threshold, count, warmUp);
            options.effort(effort.over(defaults.effort()));
            return new TgiParameters(options.build(), details, fullText, truncate);
        } catch (InvalidOptionException e) {
            throw renamed(e);
        }
    }

    /** Returns the same failure with the option called as in a request. */
    static InvalidOptionException renamed(InvalidOptionException e) {
        String name = NAMES.getOrDefault(e.option(), e.option());
        String reason = String.valueOf(e.getMessage());
        return new InvalidOptionException(
                name, reason.substring(Math.min(reason.length(), e.option().length() + 2)));
    }

    private static void refuse(String name, JsonElement value) {
        if (!REFUSED.contains(name)) {
            throw new InvalidOptionException(
                    name, "no such parameter; see Slipstream's documentation for those it knows");
        }
        boolean off =
                value.equals(new JsonPrimitive(false))
                        || name.equals("best_of") && value.equals(new JsonPrimitive(1));
        if (!off) {
            throw new InvalidOptionException(
                    name, "Slipstream does not have it; leave it out, found " + value);
        }
    }

    private static int positive(String name, JsonElement value) {
        int number = integer(name, value);
        if (number < 1) {
            throw new InvalidOptionException(name, "expected 1 or more, found " + number);
        }
        return number;
    }

    private static int integer(String name, JsonElement value) {
        double number = number(name, value);
        if (number != (int) number) {
            throw new InvalidOptionException(name, "expected a whole number, found " + value);
        }
        return (int) number;
    }

    private static long seed(String name, JsonElement value) {
        try {
            return value.getAsBigDecimal().longValueExact();
        } catch (ArithmeticException | NumberFormatException | IllegalStateException e) {
            throw new InvalidOptionException(
                    name, "expected a whole number of 64 bits, found " + value);
        }
    }

    private static double number(String name, JsonElement value) {
        if (value instanceof JsonPrimitive primitive && primitive.isNumber()) {
            return primitive.getAsDouble();
        }
        throw new InvalidOptionException(name, "expected a number, found " + value);
    }

    private static boolean flag(String name, JsonElement value) {
        if (value instanceof JsonPrimitive primitive && primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        throw new InvalidOptionException(name, "expected true or false, found " + value);
    }

    private static List<String> texts(String name, JsonElement value) {
        List<String> result = new ArrayList<>();
        if (value instanceof JsonArray array) {
            array.forEach(element -> result.add(text(name, element)));
        } else {
            result.add(text(name, value));
        }
        return result;
    }

    private static String text(String name, JsonElement value) {
        if (value instanceof JsonPrimitive primitive && primitive.isString()) {
            return primitive.getAsString();
        }
        throw new InvalidOptionException(name, "expected a text, found " + value);
    }
}
