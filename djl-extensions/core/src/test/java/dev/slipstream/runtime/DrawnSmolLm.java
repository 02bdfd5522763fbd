package dev.slipstream.runtime;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * The layers of SmolLM-135M with random weights and a small vocabulary: for the cost of gates,
 * which depends on no weight's value.
 */
final class DrawnSmolLm implements Weights {
    static final int LAYERS = 30;
    static final int CONTEXT = 128;
    private static final int HIDDEN = 576;
    private static final int NEURONS = 1536;
    private static final int VOCABULARY = 2048;

    private final Map<String, List<Long>> shapes = new LinkedHashMap<>();

    private DrawnSmolLm() {
        add("model.embed_tokens", VOCABULARY, HIDDEN);
        add("model.norm", HIDDEN);
        for (int i = 0; i < LAYERS; i++) {
            String at = "model.layers." + i + ".";
            add(at + "input_layernorm", HIDDEN);
            add(at + "post_attention_layernorm", HIDDEN);
            add(at + "self_attn.q_proj", HIDDEN, HIDDEN);
            add(at + "self_attn.k_proj", 192, HIDDEN);
            add(at + "self_attn.v_proj", 192, HIDDEN);
            add(at + "self_attn.o_proj", HIDDEN, HIDDEN);
            add(at + "mlp.gate_proj", NEURONS, HIDDEN);
            add(at + "mlp.up_proj", NEURONS, HIDDEN);
            add(at + "mlp.down_proj", HIDDEN, NEURONS);
        }
    }

    static OnnxModel graph(Precision precision) throws IOException {
        Path directory = Files.createTempDirectory("drawn");
        Path config = directory.resolve("config.json");
        try {
            Files.writeString(
                    config,
                    """
                    {"architectures": ["LlamaForCausalLM"], "model_type": "llama",
                     "hidden_act": "silu", "hidden_size": 576, "intermediate_size": 1536,
                     "num_hidden_layers": 30, "num_attention_heads": 9,
                     "num_key_value_heads": 3, "vocab_size": 2048, "rms_norm_eps": 1e-5,
                     "max_position_embeddings": 128, "rope_theta": 10000.0,
                     "tie_word_embeddings": true, "bos_token_id": 0, "eos_token_id": 0,
                     "slipstream": {"ffn_granularities": [192, 384, 768, 1536]}}
                    """);
            return DecoderGraphs.write(
                    "drawn",
                    DecoderConfig.read(ModelFiles.of(directory)),
                    new DrawnSmolLm(),
                    precision,
                    CONTEXT);
        } finally {
            Files.delete(config);
            Files.delete(directory);
        }
    }

    private void add(String module, long... shape) {
        List<Long> dimensions = Arrays.stream(shape).boxed().toList();
        shapes.put(module + ".weight", dimensions);
    }

    @Override
    public String location() {
        return "drawn";
    }

    @Override
    public Set<String> names() {
        return shapes.keySet();
    }

    @Override
    public boolean contains(String name) {
        return shapes.containsKey(name);
    }

    @Override
    public List<Long> shape(String name) {
        return shapes.get(name);
    }

    @Override
    public ElementType type(String name) {
        return ElementType.FLOAT;
    }

    @Override
    public Tensor tensor(String name) {
        List<Long> shape = shapes.get(name);
        int elements = (int) shape.stream().mapToLong(n -> n).reduce(1, (a, b) -> a * b);
        ByteBuffer data = ByteBuffer.allocateDirect(4 * elements).order(ByteOrder.LITTLE_ENDIAN);
        Random random = new Random(name.hashCode());
        for (int i = 0; i < elements; i++) {
            float drawn = random.nextFloat() - 0.5f;
            data.putFloat(4 * i, shape.size() == 1 ? 1 : 0.1f * drawn);
        }
        return new Tensor(ElementType.FLOAT, shape, data);
    }
}
