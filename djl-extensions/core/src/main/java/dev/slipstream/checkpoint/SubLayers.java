package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.NodeBuilder;
import dev.slipstream.graph.Tensor;
import java.util.List;

/**
 * Writes the sub-layers of a decoder, what stands between two additions to its residual stream,
 * into a graph or into a branch of one.
 */
final class SubLayers {
    static final String MICROSOFT = "com.microsoft";

    private final DecoderConfig config;
    private final Projections projections;
    private final GraphBuilder graph;

    SubLayers(DecoderConfig config, Projections projections, GraphBuilder graph) {
        this.config = config;
        this.projections = projections;
        this.graph = graph;
    }

    /** The names of an attention's results. */
    record Attention(String out, String key, String value) {}

    /**
     * Writes an attention over past and new positions.
     *
     * @param x {@code [batch, n, hidden]}
     * @param layer its index
     * @param present what to call keys and values, without {@code .key} and {@code .value}
     */
    Attention attention(String x, int layer, String present) {
        String weights = "model.layers." + layer + ".self_attn.";
        String values = "layers." + layer + ".attention.";
        List<String> qkv = queriesKeysValues(x, weights, values);
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
                attention.outputs(values + "mixed", present + ".key", present + ".value");
        String out = projections.project(mixed.get(0), weights + "o_proj", values + "out");
        return new Attention(out, mixed.get(1), mixed.get(2));
    }

    private List<String> queriesKeysValues(String x, String weights, String values) {
        if (!config.queryKeyNorms()) {
            return projections.projectTogether(
                    x,
                    List.of(weights + "q_proj", weights + "k_proj", weights + "v_proj"),
                    weights + "qkv_proj",
                    values + "qkv");
        }
        String q = projections.project(x, weights + "q_proj", values + "q");
        String k = projections.project(x, weights + "k_proj", values + "k");
        String v = projections.project(x, weights + "v_proj", values + "v");
        return List.of(
                headNorm(q, weights + "q_norm.weight", config.heads(), values + "q"),
                headNorm(k, weights + "k_norm.weight", config.keyValueHeads(), values + "k"),
                v);
    }

    /**
     * Writes a feed-forward.
     *
     * @param x {@code [batch, n, hidden]}
     * @param weights begin of the names of its matrices
     * @param values begin of the names of its results
     * @return name of the result, {@code [batch, n, hidden]}
     */
    String feedForward(String x, String weights, String values) {
        return projections.project(
                neurons(x, weights, values), weights + "down_proj", values + "out");
    }

    /**
     * Writes the neurons of a feed-forward, or some of them.
     *
     * @param x {@code [batch, n, hidden]}
     * @param weights begin of the names of its matrices
     * @param values begin of the names of its results
     * @return name of the result, {@code [batch, n, neurons]}
     */
    String neurons(String x, String weights, String values) {
        String gate = projections.project(x, weights + "gate_proj", values + "gate");
        String up = projections.project(x, weights + "up_proj", values + "up");
        String activated =
                graph.node("QuickGelu", MICROSOFT, List.of(gate))
                        .attribute("alpha", 1.0f)
                        .output(values + "silu");
        return graph.node("Mul", "", List.of(activated, up)).output(values + "gated");
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
        return projections.constant(
                name.toString(),
                () ->
                        new Tensor(
                                ElementType.INT64,
                                List.of((long) dimensions.length),
                                buffer.flip()));
    }
}
