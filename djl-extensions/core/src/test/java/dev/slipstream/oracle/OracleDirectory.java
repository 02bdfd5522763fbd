package dev.slipstream.oracle;

import static dev.slipstream.oracle.OracleRope.number;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads a Hugging Face directory. */
final class OracleDirectory {
    private static final int UNLIMITED = Integer.MAX_VALUE;

    private final JsonObject config;
    private final String architecture;
    private final OracleSafetensors tensors;
    private final int hidden;
    private final int intermediate;
    private final int heads;
    private final int keyValueHeads;
    private final int headSize;

    private OracleDirectory(Path directory) throws IOException {
        config =
                JsonParser.parseString(Files.readString(directory.resolve("config.json")))
                        .getAsJsonObject();
        architecture = config.getAsJsonArray("architectures").get(0).getAsString();
        tensors = new OracleSafetensors(directory);
        hidden = config.get("hidden_size").getAsInt();
        intermediate = config.get("intermediate_size").getAsInt();
        heads = config.get("num_attention_heads").getAsInt();
        keyValueHeads = (int) number(config, "num_key_value_heads", heads);
        // Qwen3's own default; the others divide.
        int usual = architecture.startsWith("Qwen3") ? 128 : hidden / heads;
        headSize = (int) number(config, "head_dim", usual);
    }

    static OracleModel read(Path directory) throws IOException {
        return new OracleDirectory(directory).model();
    }

    private OracleModel model() {
        int vocabulary = config.get("vocab_size").getAsInt();
        float[] embedding = tensors.tensor("model.embed_tokens.weight", vocabulary, hidden);
        List<OracleLayer> layers = new ArrayList<>();
        for (int i = 0; i < config.get("num_hidden_layers").getAsInt(); i++) {
            layers.add(layer(i));
        }
        float[] head =
                flag("tie_word_embeddings")
                        ? embedding
                        : tensors.tensor("lm_head.weight", vocabulary, hidden);
        return new OracleModel(
                new OracleShape(
                        heads,
                        keyValueHeads,
                        headSize,
                        number(config, "rms_norm_eps", 1e-6),
                        OracleRope.ofConfig(config, headSize)),
                embedding,
                layers,
                tensors.tensor("model.norm.weight", hidden),
                new OracleLinear(head, null, hidden));
    }

    private OracleLayer layer(int i) {
        String at = "model.layers." + i + ".";
        boolean inputBias = false;
        boolean outputBias = false;
        boolean headNorms = false;
        switch (architecture) {
            case "LlamaForCausalLM" -> inputBias = outputBias = flag("attention_bias");
            case "MistralForCausalLM" -> {}
            case "Qwen2ForCausalLM" -> inputBias = true;
            case "Qwen3ForCausalLM" -> {
                inputBias = outputBias = flag("attention_bias");
                headNorms = true;
            }
            default -> throw new IllegalArgumentException("architecture " + architecture);
        }
        boolean feedForwardBias = architecture.startsWith("Llama") && flag("mlp_bias");
        int query = heads * headSize;
        int keyValue = keyValueHeads * headSize;
        return new OracleLayer(
                tensors.tensor(at + "input_layernorm.weight", hidden),
                linear(at + "self_attn.q_proj", query, hidden, inputBias),
                linear(at + "self_attn.k_proj", keyValue, hidden, inputBias),
                linear(at + "self_attn.v_proj", keyValue, hidden, inputBias),
                linear(at + "self_attn.o_proj", hidden, query, outputBias),
                headNorms ? tensors.tensor(at + "self_attn.q_norm.weight", headSize) : null,
                headNorms ? tensors.tensor(at + "self_attn.k_norm.weight", headSize) : null,
                tensors.tensor(at + "post_attention_layernorm.weight", hidden),
                linear(at + "mlp.gate_proj", intermediate, hidden, feedForwardBias),
                linear(at + "mlp.up_proj", intermediate, hidden, feedForwardBias),
                linear(at + "mlp.down_proj", hidden, intermediate, feedForwardBias),
                window(i));
    }

    private OracleLinear linear(String name, int outputs, int inputs, boolean bias) {
        return new OracleLinear(
                tensors.tensor(name + ".weight", outputs, inputs),
                bias ? tensors.tensor(name + ".bias", outputs) : null,
                inputs);
    }

    /**
     * Llama's layers see everything. Mistral's all slide, by 4096 unless the file says otherwise.
     * Qwen's slide from {@code max_window_layers} on, if at all.
     */
    private int window(int layer) {
        boolean none = config.has("sliding_window") && config.get("sliding_window").isJsonNull();
        if (none || architecture.startsWith("Llama")) {
            return UNLIMITED;
        }
        if (architecture.startsWith("Qwen")) {
            JsonArray types = config.getAsJsonArray("layer_types");
            boolean slides =
                    types == null
                            ? layer >= number(config, "max_window_layers", 28)
                            : types.get(layer).getAsString().equals("sliding_attention");
            if (!flag("use_sliding_window") || !slides) {
                return UNLIMITED;
            }
        }
        return (int) number(config, "sliding_window", 4096);
    }

    private boolean flag(String key) {
        JsonElement value = config.get(key);
        return value != null && !value.isJsonNull() && value.getAsBoolean();
    }
}
