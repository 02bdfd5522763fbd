package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import dev.slipstream.checkpoint.DecoderConfig;
import org.jspecify.annotations.Nullable;

/**
 * Attention whose query heads share key and value heads by groups (Ainslie and others, 2023), with
 * a rotary embedding, under any boolean mask: {@code [batch, n, hidden]} to the same shape.
 */
public final class GroupedAttention extends SizedBlock {
    private final Projection query;
    private final Projection key;
    private final Projection value;
    private final Projection output;
    private final @Nullable RootMeanSquareNorm queryNorm;
    private final @Nullable RootMeanSquareNorm keyNorm;
    private final int heads;
    private final int keyValueHeads;
    private final int headSize;

    /**
     * Constructs an attention whose weights are still to be set.
     *
     * @param config the decoder's sizes and variants
     */
    public GroupedAttention(DecoderConfig config) {
        heads = config.heads();
        keyValueHeads = config.keyValueHeads();
        headSize = config.headSize();
        long hidden = config.hiddenSize();
        long keys = (long) keyValueHeads * headSize;
        long queries = (long) heads * headSize;
        query = addChildBlock("q_proj", projection(queries, hidden, config.attentionBias()));
        key = addChildBlock("k_proj", projection(keys, hidden, config.attentionBias()));
        value = addChildBlock("v_proj", projection(keys, hidden, config.attentionBias()));
        output = addChildBlock("o_proj", projection(hidden, queries, config.outputBias()));
        if (config.queryKeyNorms()) {
            double epsilon = config.normEpsilon();
            queryNorm = addChildBlock("q_norm", new RootMeanSquareNorm(headSize, epsilon));
            keyNorm = addChildBlock("k_norm", new RootMeanSquareNorm(headSize, epsilon));
        } else {
            queryNorm = null;
            keyNorm = null;
        }
    }

    private static Projection projection(long out, long in, boolean biased) {
        return biased ? Projection.biased(out, in) : Projection.plain(out, in);
    }

    NDArray attend(ParameterStore store, NDArray x, Attending attending, boolean training) {
        NDArray queries = split(query.project(store, x, training), heads);
        NDArray keys = split(key.project(store, x, training), keyValueHeads);
        NDArray values = split(value.project(store, x, training), keyValueHeads);
        if (queryNorm != null && keyNorm != null) {
            queries = queryNorm.normalise(store, queries, training);
            keys = keyNorm.normalise(store, keys, training);
        }
        NDArray turned = attending.rotation().turn(queries).mul(1 / Math.sqrt(headSize));
        NDArray turnedKeys = attending.rotation().turn(keys);
        NDList parts = new NDList();
        int first = 0;
        for (AttentionSpan span : attending.spans()) {
            int next = first + span.queries();
            parts.add(
                    attend(
                            span,
                            part(turned, first, next),
                            part(turnedKeys, 0, span.keys()),
                            part(values, 0, span.keys())));
            first = next;
        }
        // Joined alone, a part would lose its gradient.
        NDArray all = parts.size() == 1 ? parts.get(0) : NDArrays.concat(parts, 2);
        Shape shape = x.getShape();
        NDArray joined =
                all.transpose(0, 2, 1, 3)
                        .reshape(shape.get(0), shape.get(1), (long) heads * headSize);
        return output.project(store, joined, training);
    }

    /** The query heads of a group lie under each other: their keys are multiplied once. */
    private NDArray attend(AttentionSpan span, NDArray queries, NDArray keys, NDArray values) {
        long batch = queries.getShape().get(0);
        long group = heads / keyValueHeads;
        NDArray scores =
                queries.reshape(batch, keyValueHeads, group * span.queries(), headSize)
                        .matMul(keys.transpose(0, 1, 3, 2));
        NDArray weights =
                scores.reshape(batch, keyValueHeads, group, span.queries(), span.keys())
                        .add(span.bias())
                        .softmax(-1)
                        .reshape(batch, keyValueHeads, group * span.queries(), span.keys());
        return weights.matMul(values).reshape(batch, heads, span.queries(), headSize);
    }

    private static NDArray part(NDArray heads, int from, int to) {
        return from == 0 && to == heads.getShape().get(2)
                ? heads
                : heads.get(":, :, " + from + ":" + to);
    }

    private NDArray split(NDArray joined, int count) {
        Shape shape = joined.getShape();
        return joined.reshape(shape.get(0), shape.get(1), count, headSize).transpose(0, 2, 1, 3);
    }

    /** Adds the parameters to the inputs of a script, in its order. */
    void addTo(NDList inputs, ParameterStore store, NDArray x, boolean training) {
        query.addTo(inputs, store, x, training);
        key.addTo(inputs, store, x, training);
        value.addTo(inputs, store, x, training);
        output.addTo(inputs, store, x, training);
        if (queryNorm != null && keyNorm != null) {
            inputs.add(queryNorm.weight(store, x, training));
            inputs.add(keyNorm.weight(store, x, training));
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>Inputs: {@code [batch, n, hidden]}, cosines and sines {@code [n, headSize/2]}, and {@code
     * [n, n]}, added to the scores.
     */
    @Override
    protected NDList forwardInternal(
            ParameterStore store,
            NDList inputs,
            boolean training,
            @Nullable PairList<String, Object> parameters) {
        return new NDList(attend(store, inputs.get(0), Attending.of(inputs), training));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }
}
