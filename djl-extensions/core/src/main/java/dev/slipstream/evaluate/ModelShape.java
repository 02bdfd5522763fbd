package dev.slipstream.evaluate;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The numbers of a Llama decoder with tied embeddings.
 *
 * @param name that users know it by
 * @param hidden width of the residual stream
 * @param layers of attention and feed-forward
 * @param heads of queries
 * @param keyValueHeads of keys and values
 * @param headSize of each of them
 * @param intermediate neurons of a feed-forward
 * @param vocabulary token ids
 * @param context most tokens of a text
 * @param rotaryTheta base of the rotary embedding
 * @param rotaryFactor by how much Llama 3 stretches it; null leaves it as it is
 */
public record ModelShape(
        String name,
        int hidden,
        int layers,
        int heads,
        int keyValueHeads,
        int headSize,
        int intermediate,
        int vocabulary,
        int context,
        double rotaryTheta,
        @Nullable Double rotaryFactor) {
    /** Checks the ranges. */
    public ModelShape {
        int least = Math.min(Math.min(hidden, layers), Math.min(keyValueHeads, headSize));
        if (Math.min(least, Math.min(intermediate, context)) < 1) {
            throw new IllegalArgumentException(name + ": expected sizes of 1 or more");
        }
        if (heads < keyValueHeads || heads % keyValueHeads != 0) {
            throw new IllegalArgumentException(
                    "heads: expected a multiple of the %d key/value heads, found %d"
                            .formatted(keyValueHeads, heads));
        }
        if (vocabulary < RandomTokenizer.SMALLEST) {
            throw new IllegalArgumentException(
                    "vocabulary: expected %d or more, found %d"
                            .formatted(RandomTokenizer.SMALLEST, vocabulary));
        }
    }

    /** The shape of {@code HuggingFaceTB/SmolLM2-135M}. */
    public static final ModelShape SMOLLM2_135M =
            new ModelShape("smollm2-135m", 576, 30, 9, 3, 64, 1536, 49152, 8192, 100_000, null);

    /** The shape of {@code meta-llama/Llama-3.2-1B}. */
    public static final ModelShape LLAMA_32_1B =
            new ModelShape(
                    "llama-3.2-1b", 2048, 16, 32, 8, 64, 8192, 128256, 131072, 500_000, 32.0);

    /** All of them. */
    public static final List<ModelShape> KNOWN = List.of(SMOLLM2_135M, LLAMA_32_1B);

    private static final int STRETCHED_CONTEXT = 8192;

    /** Returns the tensors by their Hugging Face names, in the order of a file. */
    public Map<String, int[]> tensors() {
        Map<String, int[]> tensors = new LinkedHashMap<>();
        tensors.put("model.embed_tokens.weight", new int[] {vocabulary, hidden});
        int queries = heads * headSize;
        int keys = keyValueHeads * headSize;
        for (int layer = 0; layer < layers; layer++) {
            String name = "model.layers." + layer + ".";
            tensors.put(name + "input_layernorm.weight", new int[] {hidden});
            tensors.put(name + "self_attn.q_proj.weight", new int[] {queries, hidden});
            tensors.put(name + "self_attn.k_proj.weight", new int[] {keys, hidden});
            tensors.put(name + "self_attn.v_proj.weight", new int[] {keys, hidden});
            tensors.put(name + "self_attn.o_proj.weight", new int[] {hidden, queries});
            tensors.put(name + "post_attention_layernorm.weight", new int[] {hidden});
            tensors.put(name + "mlp.gate_proj.weight", new int[] {intermediate, hidden});
            tensors.put(name + "mlp.up_proj.weight", new int[] {intermediate, hidden});
            tensors.put(name + "mlp.down_proj.weight", new int[] {hidden, intermediate});
        }
        tensors.put("model.norm.weight", new int[] {hidden});
        return tensors;
    }

    /** Returns the file {@code config.json}. */
    JsonObject config() {
        JsonObject config = new JsonObject();
        JsonArray architectures = new JsonArray();
        architectures.add("LlamaForCausalLM");
        config.add("architectures", architectures);
        config.addProperty("model_type", "llama");
        config.addProperty("hidden_size", hidden);
        config.addProperty("intermediate_size", intermediate);
        config.addProperty("num_hidden_layers", layers);
        config.addProperty("num_attention_heads", heads);
        config.addProperty("num_key_value_heads", keyValueHeads);
        config.addProperty("head_dim", headSize);
        config.addProperty("vocab_size", vocabulary);
        config.addProperty("max_position_embeddings", context);
        config.addProperty("hidden_act", "silu");
        config.addProperty("rms_norm_eps", 1e-5);
        config.addProperty("rope_theta", rotaryTheta);
        if (rotaryFactor != null) {
            JsonObject scaling = new JsonObject();
            scaling.addProperty("rope_type", "llama3");
            scaling.addProperty("factor", rotaryFactor);
            scaling.addProperty("low_freq_factor", 1);
            scaling.addProperty("high_freq_factor", 4);
            scaling.addProperty("original_max_position_embeddings", STRETCHED_CONTEXT);
            config.add("rope_scaling", scaling);
        }
        config.addProperty("tie_word_embeddings", true);
        config.addProperty("attention_bias", false);
        config.addProperty("mlp_bias", false);
        config.addProperty("bos_token_id", RandomTokenizer.BEGIN);
        config.addProperty("eos_token_id", RandomTokenizer.END);
        config.addProperty("torch_dtype", "bfloat16");
        return config;
    }
}
