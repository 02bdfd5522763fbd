package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import dev.slipstream.checkpoint.DecoderConfig;
import org.jspecify.annotations.Nullable;

/** One layer: what attention and feed-forward find in the normed residual stream is added to it. */
public final class DecoderLayer extends SizedBlock {
    private final RootMeanSquareNorm attentionNorm;
    private final GroupedAttention attention;
    private final RootMeanSquareNorm feedForwardNorm;
    private final NestedFeedForward feedForward;

    /**
     * Constructs a layer whose weights are still to be set.
     *
     * @param config the decoder's sizes and variants
     */
    public DecoderLayer(DecoderConfig config) {
        long hidden = config.hiddenSize();
        double epsilon = config.normEpsilon();
        attentionNorm = addChildBlock("input_layernorm", new RootMeanSquareNorm(hidden, epsilon));
        attention = addChildBlock("self_attn", new GroupedAttention(config));
        feedForwardNorm =
                addChildBlock("post_attention_layernorm", new RootMeanSquareNorm(hidden, epsilon));
        feedForward = addChildBlock("mlp", new NestedFeedForward(config));
    }

    /** Returns the feed-forward, whose width may be set. */
    public NestedFeedForward feedForward() {
        return feedForward;
    }

    NDArray pass(ParameterStore store, NDArray stream, Attending attending, boolean training) {
        NDArray normed = attentionNorm.normalise(store, stream, training);
        NDArray middle = stream.add(attention.attend(store, normed, attending, training));
        NDArray input = feedForwardNorm.normalise(store, middle, training);
        return middle.add(feedForward.feed(store, input, training));
    }

    /** The same in the arithmetic of a script. */
    NDArray pass(
            LayerScript script,
            ParameterStore store,
            NDArray stream,
            Attending attending,
            boolean training) {
        Rotation rotation = attending.rotation();
        NDArray normWeight = attentionNorm.weight(store, stream, training);
        NDList inputs = new NDList(stream, normWeight, rotation.cos(), rotation.sin());
        attention.addTo(inputs, store, stream, training);
        NDArray middle = script.attention(inputs, attending.biases());
        NDList feeding = new NDList(middle, feedForwardNorm.weight(store, stream, training));
        feeding.addAll(feedForward.matrices(store, stream, training));
        return script.feedForward(feeding);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Inputs: the residual stream {@code [batch, n, hidden]}, cosines and sines {@code [n,
     * headSize/2]}, and {@code [n, n]}, added to the scores.
     */
    @Override
    protected NDList forwardInternal(
            ParameterStore store,
            NDList inputs,
            boolean training,
            @Nullable PairList<String, Object> parameters) {
        return new NDList(pass(store, inputs.get(0), Attending.of(inputs), training));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }
}
