package dev.slipstream.operators;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.SelfDraftShape;
import dev.slipstream.graph.OnnxModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** A small checkpoint with random weights. */
enum DrawnModel {
    /** Queries, keys and values in one product. */
    LLAMA("LlamaForCausalLM", ""),
    /** Each row sees the last 13 keys only. */
    MISTRAL("MistralForCausalLM", "\"sliding_window\": 13,"),
    /** Norms on queries and keys. */
    QWEN3("Qwen3ForCausalLM", "");

    /** What graphs are drawn of where a test does not say. */
    static final Shape SHAPE = new Shape(3, 64, 128, 4, 2, 32, 96);

    /** The sizes of a model. */
    record Shape(
            int layers,
            int hidden,
            int feedForward,
            int heads,
            int keyValueHeads,
            int headSize,
            int vocabulary) {}

    private final String architecture;
    private final String extra;

    DrawnModel(String architecture, String extra) {
        this.architecture = architecture;
        this.extra = extra;
    }

    /** The parts of a model that draft. */
    enum Part {
        NONE,
        SLICE,
        LAYER_SKIP;

        private SelfDraftShape shape(DecoderConfig config) {
            return switch (this) {
                case NONE -> SelfDraftShape.none();
                case SLICE -> SelfDraftShape.slice(config, SHAPE.feedForward() / 2);
                case LAYER_SKIP -> SelfDraftShape.skip(config, Set.of(1), Set.of(0, 1));
            };
        }
    }

    /** Returns the graph of the checkpoint in a directory. */
    static OnnxModel graph(Path directory, Precision precision, Part part, int contextLength) {
        ModelFiles files = ModelFiles.of(directory);
        DecoderConfig config = DecoderConfig.read(files);
        return DecoderGraphs.write(
                "drawn",
                config,
                SafeTensors.read(files),
                precision,
                contextLength,
                part.shape(config));
    }

    /** Returns the graph of the checkpoint in a directory, with a second form for long runs. */
    static OnnxModel twoForms(Path directory, Precision precision, int contextLength) {
        ModelFiles files = ModelFiles.of(directory);
        DecoderConfig config = DecoderConfig.read(files);
        return DecoderGraphs.writeTwoForms(
                "drawn", config, SafeTensors.read(files), precision, contextLength);
    }

    /** Writes {@code config.json} and {@code model.safetensors}. */
    void write(Path directory, Random random) throws IOException {
        write(directory, random, SHAPE);
    }

    /** Writes a model of other sizes. */
    void write(Path directory, Random random, Shape sizes) throws IOException {
        Files.writeString(
                directory.resolve("config.json"),
                """
                {"architectures": ["%s"], "model_type": "%s", "hidden_act": "silu", %s
                 "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": %d,
                 "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d,
                 "vocab_size": %d, "max_position_embeddings": 512, "rms_norm_eps": 1e-5,
                 "rope_theta": 10000.0, "tie_word_embeddings": false,
                 "bos_token_id": 0, "eos_token_id": 1,
                 "slipstream": {"ffn_granularities": [64, 128]}}
                """
                        .formatted(
                                architecture,
                                architecture.replace("ForCausalLM", "").toLowerCase(Locale.ROOT),
                                extra,
                                sizes.hidden(),
                                sizes.feedForward(),
                                sizes.layers(),
                                sizes.heads(),
                                sizes.keyValueHeads(),
                                sizes.headSize(),
                                sizes.vocabulary()));
        StringBuilder header = new StringBuilder("{");
        int bytes = 0;
        for (Map.Entry<String, int[]> tensor : shapes(sizes).entrySet()) {
            int[] shape = tensor.getValue();
            int end = bytes + shape[0] * shape[1] * Float.BYTES;
            header.append(header.length() == 1 ? "" : ",")
                    .append(
                            "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                                    .formatted(
                                            tensor.getKey(),
                                            shape[0] == 1
                                                    ? "[" + shape[1] + "]"
                                                    : "[" + shape[0] + "," + shape[1] + "]",
                                            bytes,
                                            end));
            bytes = end;
        }
        byte[] json = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer file =
                ByteBuffer.allocate(Long.BYTES + json.length + bytes)
                        .order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        while (file.hasRemaining()) {
            file.putFloat((float) (0.2 * random.nextGaussian()));
        }
        Files.write(directory.resolve("model.safetensors"), file.array());
    }

    private Map<String, int[]> shapes(Shape sizes) {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", new int[] {sizes.vocabulary(), sizes.hidden()});
        for (int i = 0; i < sizes.layers(); i++) {
            String layer = "model.layers." + i + ".";
            shapes.put(layer + "input_layernorm.weight", new int[] {1, sizes.hidden()});
            shapes.put(layer + "post_attention_layernorm.weight", new int[] {1, sizes.hidden()});
            String attention = layer + "self_attn.";
            shapes.put(
                    attention + "q_proj.weight",
                    new int[] {sizes.heads() * sizes.headSize(), sizes.hidden()});
            for (String side : new String[] {"k", "v"}) {
                int[] shape = {sizes.keyValueHeads() * sizes.headSize(), sizes.hidden()};
                shapes.put(attention + side + "_proj.weight", shape);
            }
            shapes.put(
                    attention + "o_proj.weight",
                    new int[] {sizes.hidden(), sizes.heads() * sizes.headSize()});
            if (this == QWEN3) {
                shapes.put(attention + "q_norm.weight", new int[] {1, sizes.headSize()});
                shapes.put(attention + "k_norm.weight", new int[] {1, sizes.headSize()});
            }
            shapes.put(
                    layer + "mlp.gate_proj.weight",
                    new int[] {sizes.feedForward(), sizes.hidden()});
            shapes.put(
                    layer + "mlp.up_proj.weight", new int[] {sizes.feedForward(), sizes.hidden()});
            shapes.put(
                    layer + "mlp.down_proj.weight",
                    new int[] {sizes.hidden(), sizes.feedForward()});
        }
        shapes.put("model.norm.weight", new int[] {1, sizes.hidden()});
        shapes.put("lm_head.weight", new int[] {sizes.vocabulary(), sizes.hidden()});
        return shapes;
    }
}
