package dev.slipstream.oracle;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding (Su et al. 2021): pair i of a head turns by position times its
 * frequency.
 *
 * @param frequencies radians a position, one for each pair of a head
 * @param amplitude what sine and cosine are multiplied by; 1 but for yarn
 * @param pairing which two elements of a head make a pair
 */
record OracleRope(double[] frequencies, double amplitude, Pairing pairing) {
    /** Which two elements of a head make pair i. */
    enum Pairing {
        /** Elements i and i + size/2, as in Hugging Face's checkpoints. */
        HALVES,
        /** Elements 2i and 2i + 1, as in llama2.c's checkpoints. */
        NEIGHBOURS
    }

    /** The unscaled form: {@code base^(-2i/size)} for pair i. */
    static OracleRope plain(double base, int headSize, Pairing pairing) {
        double[] frequencies = new double[headSize / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(base, -2.0 * i / headSize);
        }
        return new OracleRope(frequencies, 1, pairing);
    }

    /**
     * Reads {@code rope_theta} and {@code rope_scaling}, or {@code rope_parameters} which holds
     * both in newer files.
     */
    static OracleRope ofConfig(JsonObject config, int headSize) {
        JsonObject scaling =
                object(config, "rope_parameters", object(config, "rope_scaling", null));
        if (scaling == null) {
            scaling = new JsonObject();
        }
        double base = number(scaling, "rope_theta", number(config, "rope_theta", 10000));
        double[] plain = plain(base, headSize, Pairing.HALVES).frequencies;
        String type = "default";
        for (String key : new String[] {"type", "rope_type"}) {
            if (scaling.has(key)) {
                type = scaling.get(key).getAsString();
            }
        }
        double context = number(config, "max_position_embeddings", 2048);
        double original = number(scaling, "original_max_position_embeddings", context);
        double factor = number(scaling, "factor", context / original);
        return switch (type) {
            case "default" -> new OracleRope(plain, 1, Pairing.HALVES);
            case "linear" -> new OracleRope(linear(plain, factor), 1, Pairing.HALVES);
            case "llama3" ->
                    new OracleRope(
                            llama3(
                                    plain,
                                    factor,
                                    number(scaling, "low_freq_factor", Double.NaN),
                                    number(scaling, "high_freq_factor", Double.NaN),
                                    original),
                            1,
                            Pairing.HALVES);
            case "yarn" ->
                    new OracleRope(
                            yarn(plain, base, factor, original, scaling),
                            yarnAmplitude(factor, scaling),
                            Pairing.HALVES);
            default -> throw new IllegalArgumentException("rope type " + type);
        };
    }

    /** Turns the pairs of the head that begins at {@code offset}. */
    void rotate(double[] heads, int offset, int position) {
        int half = frequencies.length;
        for (int i = 0; i < half; i++) {
            int first = offset + (pairing == Pairing.HALVES ? i : 2 * i);
            int second = pairing == Pairing.HALVES ? first + half : first + 1;
            double cosine = Math.cos(position * frequencies[i]) * amplitude;
            double sine = Math.sin(position * frequencies[i]) * amplitude;
            double x = heads[first];
            double y = heads[second];
            heads[first] = x * cosine - y * sine;
            heads[second] = x * sine + y * cosine;
        }
    }

    private static double[] linear(double[] plain, double factor) {
        double[] scaled = plain.clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] /= factor;
        }
        return scaled;
    }

    /**
     * Llama 3.1's bands. A pair that turns more than {@code high} times in the original context
     * keeps its frequency, one that turns less than {@code low} times is slowed by {@code factor},
     * and between the two the share of the kept frequency grows linearly with the turns.
     */
    private static double[] llama3(
            double[] plain, double factor, double low, double high, double original) {
        double[] scaled = new double[plain.length];
        for (int i = 0; i < plain.length; i++) {
            double turns = original * plain[i] / (2 * Math.PI);
            double kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
            scaled[i] = kept * plain[i] + (1 - kept) * plain[i] / factor;
        }
        return scaled;
    }

    /**
     * YaRN's "NTK by parts" (Peng et al. 2023): pairs up to the one that turns {@code beta_fast}
     * times in the original context keep their frequency, pairs from the one that turns {@code
     * beta_slow} times are slowed by {@code factor}; between them a linear ramp over the index.
     */
    private static double[] yarn(
            double[] plain, double base, double factor, double original, JsonObject scaling) {
        int headSize = 2 * plain.length;
        double first = pairThatTurns(number(scaling, "beta_fast", 32), headSize, base, original);
        double last = pairThatTurns(number(scaling, "beta_slow", 1), headSize, base, original);
        if (!scaling.has("truncate") || scaling.get("truncate").getAsBoolean()) {
            first = Math.floor(first);
            last = Math.ceil(last);
        }
        first = Math.max(first, 0);
        last = Math.min(last, headSize - 1);
        if (first == last) {
            last += 0.001;
        }
        double[] scaled = new double[plain.length];
        for (int i = 0; i < plain.length; i++) {
            double slowed = Math.min(1, Math.max(0, (i - first) / (last - first)));
            scaled[i] = (1 - slowed) * plain[i] + slowed * plain[i] / factor;
        }
        return scaled;
    }

    /** Solves {@code original * base^(-2i/size) = 2 pi turns} for i. */
    private static double pairThatTurns(double turns, int size, double base, double original) {
        return size * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }

    private static double yarnAmplitude(double factor, JsonObject scaling) {
        double mscale = number(scaling, "mscale", 0);
        double mscaleAllDim = number(scaling, "mscale_all_dim", 0);
        double usual =
                mscale != 0 && mscaleAllDim != 0
                        ? logarithmic(factor, mscale) / logarithmic(factor, mscaleAllDim)
                        : logarithmic(factor, 1);
        return number(scaling, "attention_factor", usual);
    }

    private static double logarithmic(double factor, double mscale) {
        return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
    }

    private static @Nullable JsonObject object(
            JsonObject parent, String key, @Nullable JsonObject otherwise) {
        JsonElement value = parent.get(key);
        return value == null || value.isJsonNull() ? otherwise : value.getAsJsonObject();
    }

    static double number(JsonObject parent, String key, double otherwise) {
        JsonElement value = parent.get(key);
        return value == null || value.isJsonNull() ? otherwise : value.getAsDouble();
    }
}
