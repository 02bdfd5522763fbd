package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import dev.slipstream.checkpoint.DecoderConfig;
import org.jspecify.annotations.Nullable;

/**
 * A gated feed-forward (SwiGLU: Shazeer, 2020) of which the first neurons are one too: {@code
 * down(silu(gate(x)) * up(x))}, all three matrices cut to the first {@link #width()} neurons
 * (MatFormer: Devvrit and others, 2023). {@code [.., hidden]} to the same shape.
 */
public final class NestedFeedForward extends SizedBlock {
    private final Projection gate;
    private final Projection up;
    private final Projection down;
    private final int neurons;
    private int width;

    /**
     * Constructs a feed-forward of full width.
     *
     * @param config the decoder's sizes
     */
    public NestedFeedForward(DecoderConfig config) {
        neurons = config.intermediateSize();
        width = neurons;
        gate = addChildBlock("gate_proj", Projection.plain(neurons, config.hiddenSize()));
        up = addChildBlock("up_proj", Projection.plain(neurons, config.hiddenSize()));
        down = addChildBlock("down_proj", Projection.plain(config.hiddenSize(), neurons));
    }

    /** Returns how many neurons are computed. */
    public int width() {
        return width;
    }

    /**
     * Sets how many neurons are computed; the others get no gradient.
     *
     * @param width 1 to the number of neurons
     * @throws IllegalArgumentException if it is outside
     */
    public void setWidth(int width) {
        if (width < 1 || width > neurons) {
            throw new IllegalArgumentException(
                    "width of a feed-forward: expected 1 to %d neurons, found %d"
                            .formatted(neurons, width));
        }
        this.width = width;
    }

    /** Returns the matrices of gate, up and down, cut to the width. */
    NDList matrices(ParameterStore store, NDArray x, boolean training) {
        NDArray gateMatrix = gate.matrix(store, x, training);
        NDArray upMatrix = up.matrix(store, x, training);
        NDArray downMatrix = down.matrix(store, x, training);
        if (width == neurons) {
            return new NDList(gateMatrix, upMatrix, downMatrix);
        }
        NDManager manager = x.getManager();
        NDIndex rows = new NDIndex(":" + width);
        NDIndex columns = new NDIndex(":, :" + width);
        return new NDList(
                gateMatrix.get(manager, rows),
                upMatrix.get(manager, rows),
                downMatrix.get(manager, columns));
    }

    NDArray feed(ParameterStore store, NDArray x, boolean training) {
        NDList matrices = matrices(store, x, training);
        NDArray open = Activation.swish(Linear.linear(x, matrices.get(0)).singletonOrThrow(), 1);
        NDArray active = open.mul(Linear.linear(x, matrices.get(1)).singletonOrThrow());
        return Linear.linear(active, matrices.get(2)).singletonOrThrow();
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store,
            NDList inputs,
            boolean training,
            @Nullable PairList<String, Object> parameters) {
        return new NDList(feed(store, inputs.singletonOrThrow(), training));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return inputShapes;
    }
}
