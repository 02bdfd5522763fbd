package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.NodeBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.List;

/**
 * Writes the graph of a decoder of the Llama family: pre-norm layers of grouped-query attention and
 * SwiGLU feed-forward.
 *
 * <p>Inputs: {@code input_ids [batch, n]}, {@code seqlens_k [batch]} (index of each row's last
 * key), {@code total_sequence_length} (a scalar), {@code logit_positions [rows]} (which of the n
 * get logits), {@code past_key_values.N.key/value [batch, kvHeads, capacity, headSize]}. Outputs:
 * {@code logits [batch, rows, vocabulary]}, {@code present.N.key/value}, meant to be pinned to the
 * same buffers as the past.
 */
public final class DecoderGraphs {
    private static final String MICROSOFT = "com.microsoft";

    private final DecoderConfig config;
    private final Projections projections;
    private final GraphBuilder graph;

    private DecoderGraphs(DecoderConfig config, Projections projections, GraphBuilder graph) {
        this.config = config;
        this.projections = projections;
        this.graph = graph;
    }

    /**
     * Returns the graph of a checkpoint.
     *
     * @param name of the model
     * @param config its shape
     * @param weights its tensors, by their Hugging Face names
     * @param precision how the matrices are stored
     * @param contextLength the most tokens of a sequence
     * @throws CheckpointException if config and weights contradict each other
     */
    public static OnnxModel write(
            String name,
            DecoderConfig config,
            Weights weights,
            Precision precision,
            int contextLength) {
        config.checkAgainst(weights);
        OnnxModel model = new OnnxModel(name);
        GraphBuilder graph = new GraphBuilder(model);
        int headSize = PaddedHeads.padded(config.headSize());
        if (headSize != config.headSize() && config.queryKeyNorms()) {
            throw new CheckpointException(
                    "%s: expected a head size that is a multiple of 16 where heads are normalised, found %d"
                            .formatted(name, config.headSize()));
        }
        Weights padded =
                headSize == config.headSize()
                        ? weights
                        : new PaddedHeads(weights, config.headSize(), headSize);
        Projections projections = new Projections(graph, padded, precision);
        new DecoderGraphs(config, projections, graph).write(contextLength);
        return model;
    }

    private void write(int contextLength) {
        declareInputs();
        RotaryTables tables = RotaryTables.of(config, contextLength);
        graph.initializer("rotary.cos", tables.cos());
        graph.initializer("rotary.sin", tables.sin());
        String stream = projections.embed("input_ids", config);
        String normed = norm(stream, "model.layers.0.input_layernorm.weight", "layers.0.attention");
        for (int layer = 0; layer < config.layers(); layer++) {
            String attention = attention(normed, layer);
            Residual afterAttention =
                    add(
                            stream,
                            attention,
                            "model.layers." + layer + ".post_attention_layernorm.weight",
                            "layers." + layer + ".feed_forward");
            String feedForward = feedForward(afterAttention.normed(), layer);
            boolean lastLayer = layer + 1 == config.layers();
            Residual afterFeedForward =
                    add(
                            afterAttention.stream(),
                            feedForward,
                            lastLayer
                                    ? "model.norm.weight"
                                    : "model.layers." + (layer + 1) + ".input_layernorm.weight",
                            lastLayer ? "head" : "layers." + (layer + 1) + ".attention");
            stream = afterFeedForward.stream();
            normed = afterFeedForward.normed();
        }
        String wanted =
                graph.node("Gather", "", List.of(normed, "logit_positions"))
                        .attribute("axis", 1)
                        .output("head.rows");
        projections.head(wanted, config);
        graph.output("logits", ElementType.FLOAT, "batch", "rows", config.vocabularySize());
    }

    private void declareInputs() {
        graph.input("input_ids", ElementType.INT64, "batch", "sequence");
        graph.input("seqlens_k", ElementType.INT32, "batch");
        graph.input("total_sequence_length", ElementType.INT32);
        graph.input("logit_positions", ElementType.INT64, "rows");
        for (int layer = 0; layer < config.layers(); layer++) {
            for (String side : List.of("key", "value")) {
                Object[] shape = {
                    "batch",
                    config.keyValueHeads(),
                    "capacity",
                    PaddedHeads.padded(config.headSize()),
                };
                graph.input("past_key_values." + layer + "." + side, ElementType.FLOAT, shape);
                graph.output("present." + layer + "." + side, ElementType.FLOAT, shape);
            }
        }
    }

    private String attention(String x, int layer) {
        String weights = "model.layers." + layer + ".self_attn.";
        String values = "layers." + layer + ".attention.";
        List<String> qkv;
        if (config.queryKeyNorms()) {
            String q = projections.project(x, weights + "q_proj", values + "q");
            String k = projections.project(x, weights + "k_proj", values + "k");
            String v = projections.project(x, weights + "v_proj", values + "v");
            qkv =
                    List.of(
                            headNorm(q, weights + "q_norm.weight", config.heads(), values + "q"),
                            headNorm(
                                    k,
                                    weights + "k_norm.weight",
                                    config.keyValueHeads(),
                                    values + "k"),
                            v);
        } else {
            qkv =
                    projections.projectTogether(
                            x,
                            List.of(weights + "q_proj", weights + "k_proj", weights + "v_proj"),
                            weights + "qkv_proj",
                            values + "qkv");
        }
        NodeBuilder attention =
                graph.node(
                                "GroupQueryAttention",
                                MICROSOFT,
                                List.of(
                                        qkv.get(0),
                                        qkv.size() == 1 ? "" : qkv.get(1),
                                        qkv.size() == 1 ? "" : qkv.get(2),
                                        "past_key_values." + layer + ".key",
                                        "past_key_values." + layer + ".value",
                                        "seqlens_k",
                                        "total_sequence_length",
                                        "rotary.cos",
                                        "rotary.sin"))
                        .attribute("num_heads", config.heads())
                        .attribute("kv_num_heads", config.keyValueHeads())
                        .attribute("do_rotary", 1)
                        .attribute("scale", (float) (1 / Math.sqrt(config.headSize())));
        if (config.slidingWindow() != null) {
            attention.attribute("local_window_size", config.slidingWindow());
        }
        List<String> mixed =
                attention.outputs(
                        values + "mixed",
                        "present." + layer + ".key",
                        "present." + layer + ".value");
        return projections.project(mixed.get(0), weights + "o_proj", values + "out");
    }

    private String feedForward(String x, int layer) {
        String weights = "model.layers." + layer + ".mlp.";
        String values = "layers." + layer + ".feed_forward.";
        String gate = projections.project(x, weights + "gate_proj", values + "gate");
        String up = projections.project(x, weights + "up_proj", values + "up");
        String activated =
                graph.node("QuickGelu", MICROSOFT, List.of(gate))
                        .attribute("alpha", 1.0f)
                        .output(values + "silu");
        String gated = graph.node("Mul", "", List.of(activated, up)).output(values + "gated");
        return projections.project(gated, weights + "down_proj", values + "out");
    }

    private String norm(String x, String weight, String name) {
        return graph.node(
                        "SimplifiedLayerNormalization", "", List.of(x, projections.floats(weight)))
                .attribute("axis", -1)
                .attribute("epsilon", (float) config.normEpsilon())
                .output(name + ".norm");
    }

    /** The residual stream after an addition, and its norm for the next sub-layer. */
    private record Residual(String stream, String normed) {}

    private Residual add(String stream, String branch, String normWeight, String name) {
        List<String> outputs =
                graph.node(
                                "SkipSimplifiedLayerNormalization",
                                MICROSOFT,
                                List.of(stream, branch, projections.floats(normWeight)))
                        .attribute("epsilon", (float) config.normEpsilon())
                        .outputs(name + ".norm", "", "", name + ".residual");
        return new Residual(outputs.get(3), outputs.get(0));
    }

    /** Qwen3 normalises each head of queries and keys before the rotary embedding. */
    private String headNorm(String x, String weight, int heads, String name) {
        String split =
                graph.node("Reshape", "", List.of(x, shape(0, 0, heads, config.headSize())))
                        .output(name + ".heads");
        String normed =
                graph.node(
                                "SimplifiedLayerNormalization",
                                "",
                                List.of(split, projections.floats(weight)))
                        .attribute("axis", -1)
                        .attribute("epsilon", (float) config.normEpsilon())
                        .output(name + ".heads.norm");
        return graph.node("Reshape", "", List.of(normed, shape(0, 0, heads * config.headSize())))
                .output(name + ".normed");
    }

    private String shape(int... dimensions) {
        StringBuilder name = new StringBuilder("shape");
        var buffer = DirectBytes.allocate((long) dimensions.length * Long.BYTES);
        for (int dimension : dimensions) {
            name.append('.').append(dimension);
            buffer.putLong(dimension);
        }
        Tensor tensor =
                new Tensor(ElementType.INT64, List.of((long) dimensions.length), buffer.flip());
        return graph.model().initializers().containsKey(name.toString())
                ? name.toString()
                : graph.initializer(name.toString(), tensor);
    }
}
