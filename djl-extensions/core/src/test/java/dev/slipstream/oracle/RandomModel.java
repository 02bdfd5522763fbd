package dev.slipstream.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;

/**
 * A small Hugging Face directory with random weights: logits of a standard deviation near 2,
 * attention that prefers some positions, norms near 1.
 *
 * <p>The seed draws every size; setters overrule single draws. {@link #toString()} says what came
 * out, to be printed with a failure.
 */
public final class RandomModel {
    /** The special tokens' ids in every random model. */
    public static final int BOS = 0;

    /** The id that ends a text. */
    public static final int EOS = 1;

    private final String architecture;
    private final long seed;
    private final Random random;
    private final JsonObject config = new JsonObject();
    private String elementType = "F32";
    private int shards = 1;

    /**
     * Draws a model's sizes.
     *
     * @param architecture for example {@code LlamaForCausalLM}
     * @param seed of sizes and weights
     */
    public RandomModel(String architecture, long seed) {
        this.architecture = architecture;
        this.seed = seed;
        random = new Random(seed);
        int hidden = pick(64, 96, 128);
        int heads = pick(2, 4, 6, 8);
        JsonArray architectures = new JsonArray();
        architectures.add(architecture);
        config.add("architectures", architectures);
        String type = architecture.replace("ForCausalLM", "").toLowerCase(Locale.ROOT);
        config.addProperty("model_type", type);
        config.addProperty("hidden_act", "silu");
        config.addProperty("hidden_size", hidden);
        config.addProperty("intermediate_size", pick(96, 128, 160, 172));
        config.addProperty("num_hidden_layers", 1 + random.nextInt(4));
        config.addProperty("num_attention_heads", heads);
        config.addProperty(
                "num_key_value_heads", heads / (heads % 4 == 0 ? pick(1, 2, 4) : pick(1, 2)));
        config.addProperty("head_dim", pick(16, 32, 64));
        config.addProperty("vocab_size", 64 + random.nextInt(237));
        config.addProperty("max_position_embeddings", 128);
        config.addProperty("rms_norm_eps", random.nextBoolean() ? 1e-5 : 1e-6);
        config.addProperty("rope_theta", random.nextBoolean() ? 10000.0 : 1000000.0);
        config.addProperty("tie_word_embeddings", random.nextBoolean());
        config.addProperty("bos_token_id", BOS);
        config.addProperty("eos_token_id", EOS);
    }

    /**
     * Puts a property into {@code config.json} in place of what was drawn.
     *
     * @param key for example {@code sliding_window}
     * @param json its value as JSON
     * @return this
     */
    public RandomModel with(String key, String json) {
        config.add(key, JsonParser.parseString(json));
        return this;
    }

    /**
     * Removes a property of {@code config.json}, so that the reader's default holds.
     *
     * @param key for example {@code head_dim}
     * @return this
     */
    public RandomModel without(String key) {
        config.remove(key);
        return this;
    }

    /**
     * Sets how the weights are stored, in place of float32 in one file.
     *
     * @param type F32, F16 or BF16
     * @param files one, or a number of shards with an index
     * @return this
     */
    public RandomModel stored(String type, int files) {
        elementType = type;
        shards = files;
        return this;
    }

    /**
     * Writes the model: {@code config.json}, {@code model.safetensors} or shards, {@code
     * tokenizer.json}, {@code tokenizer_config.json}, {@code generation_config.json}.
     *
     * @param directory where; it is made if need be
     * @return the directory
     */
    public Path write(Path directory) throws IOException {
        Files.createDirectories(directory);
        weights().write(directory, shards);
        config.addProperty(
                "torch_dtype",
                switch (elementType) {
                    case "F16" -> "float16";
                    case "BF16" -> "bfloat16";
                    default -> "float32";
                });
        Files.writeString(directory.resolve("config.json"), config.toString());
        RandomTokenizer.write(directory, size("vocab_size"), size("max_position_embeddings"));
        return directory;
    }

    /**
     * Draws token ids of this model's vocabulary.
     *
     * @param count how many
     */
    public int[] tokens(int count) {
        return new Random(seed + count).ints(count, 0, size("vocab_size")).toArray();
    }

    @Override
    public String toString() {
        return "random model, seed %d, %s in %d files, %s"
                .formatted(seed, elementType, shards, config);
    }

    private SafetensorsWriter weights() {
        SafetensorsWriter writer = new SafetensorsWriter(elementType);
        int hidden = size("hidden_size");
        int intermediate = size("intermediate_size");
        int vocabulary = size("vocab_size");
        int heads = size("num_attention_heads");
        int usual = architecture.startsWith("Qwen3") ? 128 : hidden / heads;
        int headSize = config.has("head_dim") ? size("head_dim") : usual;
        int query = heads * headSize;
        int keyValue =
                headSize
                        * (config.has("num_key_value_heads") ? size("num_key_value_heads") : heads);
        boolean attentionBias = flag("attention_bias");
        boolean inputBias = attentionBias || architecture.startsWith("Qwen2");

        // A normed row has a mean square near 1, so a logit has the deviation of its column's sum.
        double scale = 2 / Math.sqrt(hidden);
        writer.add(
                "model.embed_tokens.weight",
                around(0, scale, vocabulary * hidden),
                vocabulary,
                hidden);
        for (int i = 0; i < size("num_hidden_layers"); i++) {
            String at = "model.layers." + i + ".";
            norm(writer, at + "input_layernorm", hidden);
            linear(writer, at + "self_attn.q_proj", query, hidden, inputBias);
            linear(writer, at + "self_attn.k_proj", keyValue, hidden, inputBias);
            linear(writer, at + "self_attn.v_proj", keyValue, hidden, inputBias);
            linear(writer, at + "self_attn.o_proj", hidden, query, attentionBias);
            if (architecture.startsWith("Qwen3")) {
                norm(writer, at + "self_attn.q_norm", headSize);
                norm(writer, at + "self_attn.k_norm", headSize);
            }
            norm(writer, at + "post_attention_layernorm", hidden);
            linear(writer, at + "mlp.gate_proj", intermediate, hidden, flag("mlp_bias"));
            linear(writer, at + "mlp.up_proj", intermediate, hidden, flag("mlp_bias"));
            linear(writer, at + "mlp.down_proj", hidden, intermediate, flag("mlp_bias"));
        }
        norm(writer, "model.norm", hidden);
        if (!flag("tie_word_embeddings")) {
            writer.add("lm_head.weight", around(0, scale, vocabulary * hidden), vocabulary, hidden);
        }
        return writer;
    }

    private void norm(SafetensorsWriter writer, String name, int size) {
        writer.add(name + ".weight", around(1, 0.2, size), size);
    }

    private void linear(
            SafetensorsWriter writer, String name, int outputs, int inputs, boolean bias) {
        writer.add(
                name + ".weight",
                around(0, 1 / Math.sqrt(inputs), outputs * inputs),
                outputs,
                inputs);
        if (bias) {
            writer.add(name + ".bias", around(0, 0.5, outputs), outputs);
        }
    }

    private float[] around(double mean, double deviation, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (mean + deviation * random.nextGaussian());
        }
        return values;
    }

    private int pick(int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private int size(String key) {
        return config.get(key).getAsInt();
    }

    private boolean flag(String key) {
        return config.has(key) && config.get(key).getAsBoolean();
    }
}
