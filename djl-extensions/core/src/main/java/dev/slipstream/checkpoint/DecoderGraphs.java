package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Writes the graph of a decoder of the Llama family: pre-norm layers of grouped-query attention and
 * SwiGLU feed-forward.
 *
 * <p>Inputs: {@code input_ids [batch, n]}, {@code seqlens_k [batch]} (index of each row's last
 * key), {@code total_sequence_length} (a scalar), {@code logit_positions [rows]} (which of the n
 * get logits), {@code past_key_values.N.key/value [batch, kvHeads, capacity, headSize]}, and {@code
 * draft} (a scalar) where a part of the model {@link SelfDraftShape drafts}. Outputs: {@code logits
 * [batch, rows, vocabulary]}, {@code present.N.key/value}, meant to be pinned to the same buffers
 * as the past.
 */
public final class DecoderGraphs {
    /**
     * Metadata property of models with nested feed-forwards: the widths that they were trained
     * with, in neurons, separated by commas.
     */
    public static final String GRANULARITIES = "slipstream.ffn_granularities";

    /**
     * Metadata property of models that write blocks: the most tokens of a block, the id of the mask
     * token and the alignment, separated by commas.
     */
    public static final String BLOCK_DIFFUSION = "slipstream.block_diffusion";

    private final DecoderConfig config;
    private final SelfDraftShape shape;
    private final Projections projections;
    private final GraphBuilder graph;
    private final DraftGates subLayers;

    private DecoderGraphs(
            DecoderConfig config,
            SelfDraftShape shape,
            Projections projections,
            GraphBuilder graph) {
        this.config = config;
        this.shape = shape;
        this.projections = projections;
        this.graph = graph;
        this.subLayers = new DraftGates(config, shape, projections, graph);
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
        return write(name, config, weights, precision, contextLength, SelfDraftShape.none());
    }

    /**
     * Returns the graph of a checkpoint with a switch to the part of it that drafts.
     *
     * @param name of the model
     * @param config its shape
     * @param weights its tensors, by their Hugging Face names
     * @param precision how the matrices are stored
     * @param contextLength the most tokens of a sequence
     * @param shape what drafts
     * @throws CheckpointException if config, weights and shape contradict each other
     */
    public static OnnxModel write(
            String name,
            DecoderConfig config,
            Weights weights,
            Precision precision,
            int contextLength,
            SelfDraftShape shape) {
        return written(name, config, weights, precision, contextLength, shape).model;
    }

    /**
     * Returns the graph of a checkpoint with {@link TwoForms}: weights in a precision for few new
     * tokens, and rounded to bytes from the checkpoint's own floats for many.
     *
     * @param name of the model
     * @param config its shape
     * @param weights its tensors, by their Hugging Face names
     * @param precision how the matrices are stored that few tokens meet
     * @param contextLength the most tokens of a sequence
     * @throws CheckpointException if config and weights contradict each other
     */
    public static OnnxModel writeTwoForms(
            String name,
            DecoderConfig config,
            Weights weights,
            Precision precision,
            int contextLength) {
        Written first =
                written(name, config, weights, precision, contextLength, SelfDraftShape.none());
        return TwoForms.of(first.model, first.projections.originals());
    }

    private record Written(OnnxModel model, Projections projections) {}

    private static Written written(
            String name,
            DecoderConfig config,
            Weights weights,
            Precision precision,
            int contextLength,
            SelfDraftShape shape) {
        config.checkAgainst(weights);
        shape.checkAgainst(name, config);
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
        Weights sliced = new FeedForwardSlices(padded, config, shape);
        Projections projections = new Projections(graph, sliced, precision);
        new DecoderGraphs(config, shape, projections, graph).write(contextLength);
        if (!config.feedForwardGranularities().isEmpty()) {
            model.metadata()
                    .put(
                            GRANULARITIES,
                            config.feedForwardGranularities().stream()
                                    .map(String::valueOf)
                                    .collect(Collectors.joining(",")));
        }
        BlockDiffusion blocks = config.blockDiffusion();
        if (blocks != null) {
            model.metadata().put(BLOCK_DIFFUSION, blocks.text());
        }
        return new Written(model, projections);
    }

    private void write(int contextLength) {
        declareInputs();
        RotaryTables tables = RotaryTables.of(config, contextLength);
        graph.initializer("rotary.cos", tables.cos());
        graph.initializer("rotary.sin", tables.sin());
        String stream = projections.embed("input_ids", config);
        String normed = norm(stream, "model.layers.0.input_layernorm.weight", "layers.0.attention");
        for (int layer = 0; layer < config.layers(); layer++) {
            String attention = subLayers.attention(normed, layer);
            Residual afterAttention =
                    add(
                            stream,
                            attention,
                            "model.layers." + layer + ".post_attention_layernorm.weight",
                            "layers." + layer + ".feed_forward");
            String feedForward = subLayers.feedForward(afterAttention.normed(), layer);
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
        if (shape.drafts()) {
            graph.input("draft", ElementType.BOOL);
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            for (String side : List.of("key", "value")) {
                Object[] dimensions = keyValueShape(config);
                graph.input("past_key_values." + layer + "." + side, ElementType.FLOAT, dimensions);
                graph.output("present." + layer + "." + side, ElementType.FLOAT, dimensions);
            }
        }
    }

    static Object[] keyValueShape(DecoderConfig config) {
        return new Object[] {
            "batch", config.keyValueHeads(), "capacity", PaddedHeads.padded(config.headSize()),
        };
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
                                SubLayers.MICROSOFT,
                                List.of(stream, branch, projections.floats(normWeight)))
                        .attribute("epsilon", (float) config.normEpsilon())
                        .outputs(name + ".norm", "", "", name + ".residual");
        return new Residual(outputs.get(3), outputs.get(0));
    }
}
