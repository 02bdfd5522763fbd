package dev.slipstream.checkpoint;

import org.jspecify.annotations.Nullable;

/**
 * What {@code generation_config.json} advises for decoding; null where it says nothing.
 *
 * @param temperature divides the logits; 0 where {@code do_sample} is false, and 1 where it is true
 *     and no temperature is given
 * @param topK keeps the k likeliest tokens; 0 keeps all
 * @param topP keeps the fewest likeliest tokens whose probabilities reach this sum
 * @param minP keeps tokens at least this fraction as likely as the likeliest
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens that occurred
 * @param maxNewTokens the most new tokens
 */
public record GenerationConfig(
        @Nullable Double temperature,
        @Nullable Integer topK,
        @Nullable Double topP,
        @Nullable Double minP,
        @Nullable Double repetitionPenalty,
        @Nullable Integer maxNewTokens) {
    /** Advises nothing. */
    public static final GenerationConfig NONE =
            new GenerationConfig(null, null, null, null, null, null);

    /** Checks the ranges. */
    public GenerationConfig {
        atLeastZero("temperature", temperature);
        atLeastZero("top_k", topK);
        atLeastZero("max_new_tokens", maxNewTokens);
        fraction("top_p", topP);
        fraction("min_p", minP);
        if (repetitionPenalty != null && !(repetitionPenalty > 0)) {
            throw wrong("repetition_penalty", "more than 0", repetitionPenalty);
        }
    }

    /**
     * Reads {@code generation_config.json}.
     *
     * @param files the model's files
     * @return what it advises; {@link #NONE} where there is no such file
     * @throws CheckpointException if the file is damaged or a value out of its range
     */
    public static GenerationConfig read(ModelFiles files) {
        if (!files.contains("generation_config.json")) {
            return NONE;
        }
        JsonFields json = JsonFields.read(files, "generation_config.json");
        Boolean sample = json.flagOrNull("do_sample");
        Double temperature = json.numberOrNull("temperature");
        if (sample != null) {
            temperature = sample ? json.number("temperature", 1) : 0;
        }
        try {
            return new GenerationConfig(
                    temperature,
                    json.integerOrNull("top_k"),
                    json.numberOrNull("top_p"),
                    json.numberOrNull("min_p"),
                    json.numberOrNull("repetition_penalty"),
                    json.integerOrNull("max_new_tokens"));
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(json.where() + ": " + e.getMessage(), e);
        }
    }

    private static void atLeastZero(String name, @Nullable Number value) {
        if (value != null && !(value.doubleValue() >= 0)) {
            throw wrong(name, "0 or more", value);
        }
    }

    private static void fraction(String name, @Nullable Double value) {
        if (value != null && !(value >= 0 && value <= 1)) {
            throw wrong(name, "0 to 1", value);
        }
    }

    private static IllegalArgumentException wrong(String name, String expected, Object found) {
        return new IllegalArgumentException(
                "%s: expected %s, found %s".formatted(name, expected, found));
    }
}
