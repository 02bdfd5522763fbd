package dev.slipstream.checkpoint;

import org.jspecify.annotations.Nullable;

/**
 * Reads the rotary embedding's parameters in their three spellings: {@code rope_scaling} with
 * {@code type}, {@code rope_scaling} with {@code rope_type}, and {@code rope_parameters}, which has
 * {@code rope_theta} inside.
 */
final class RotaryReader {
    private final JsonFields config;

    RotaryReader(JsonFields config) {
        this.config = config;
    }

    RotaryScaling read() {
        JsonFields newer = config.fieldsOrNull("rope_parameters");
        @Nullable JsonFields scaling = newer != null ? newer : config.fieldsOrNull("rope_scaling");
        double theta = config.number("rope_theta", 10000);
        if (config.number("partial_rotary_factor", 1) != 1) {
            throw config.wrong(
                    "partial_rotary_factor",
                    "1: only whole heads are turned",
                    config.number("partial_rotary_factor"));
        }
        if (scaling == null) {
            return new RotaryScaling.None(theta);
        }
        theta = scaling.number("rope_theta", theta);
        if (scaling.number("partial_rotary_factor", 1) != 1) {
            throw scaling.wrong(
                    "partial_rotary_factor",
                    "1: only whole heads are turned",
                    scaling.number("partial_rotary_factor"));
        }
        String type = scaling.textOrNull("rope_type");
        if (type == null) {
            type = scaling.textOrNull("type");
        }
        return switch (type == null ? "default" : type) {
            case "default" -> new RotaryScaling.None(theta);
            case "linear" -> new RotaryScaling.Linear(theta, scaling.number("factor"));
            case "llama3" ->
                    new RotaryScaling.Llama3(
                            theta,
                            scaling.number("factor"),
                            scaling.number("low_freq_factor"),
                            scaling.number("high_freq_factor"),
                            originalContextLength(scaling));
            case "yarn" -> yarn(theta, scaling);
            default -> throw scaling.wrong("rope_type", "default, linear, llama3 or yarn", type);
        };
    }

    private RotaryScaling yarn(double theta, JsonFields scaling) {
        int original = originalContextLength(scaling);
        double factor =
                scaling.number(
                        "factor", (double) config.integer("max_position_embeddings") / original);
        return new RotaryScaling.Yarn(
                theta,
                factor,
                original,
                scaling.number("beta_fast", 32),
                scaling.number("beta_slow", 1),
                attentionFactor(factor, scaling),
                scaling.flag("truncate", true));
    }

    private static double attentionFactor(double factor, JsonFields scaling) {
        double mscale = scaling.number("mscale", 0);
        double mscaleAllDimensions = scaling.number("mscale_all_dim", 0);
        double computed =
                mscale != 0 && mscaleAllDimensions != 0
                        ? temperature(factor, mscale) / temperature(factor, mscaleAllDimensions)
                        : temperature(factor, 1);
        return scaling.number("attention_factor", computed);
    }

    /** YaRN's {@code 0.1 m ln(s) + 1}. */
    private static double temperature(double factor, double mscale) {
        return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
    }

    private int originalContextLength(JsonFields scaling) {
        return scaling.integer(
                "original_max_position_embeddings",
                config.integer(
                        "original_max_position_embeddings",
                        config.integer("max_position_embeddings")));
    }
}
