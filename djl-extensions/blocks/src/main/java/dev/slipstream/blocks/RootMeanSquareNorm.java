package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/**
 * Divides vectors by the root of their mean square and multiplies by learned weights (RMSNorm:
 * Zhang and Sennrich, 2019): {@code [.., size]} to the same shape, in 32-bit floats.
 */
public final class RootMeanSquareNorm extends SizedBlock {
    private final Parameter weight;
    private final double epsilon;

    /**
     * Constructs a norm whose weights are still to be set.
     *
     * @param size of a vector
     * @param epsilon added to the mean square
     */
    public RootMeanSquareNorm(long size, double epsilon) {
        this.epsilon = epsilon;
        weight =
                addParameter(
                        Parameter.builder()
                                .setName("weight")
                                .setType(Parameter.Type.GAMMA)
                                .optShape(new Shape(size))
                                .optInitializer(Initializer.ONES)
                                .build());
    }

    NDArray normalise(ParameterStore store, NDArray x, boolean training) {
        NDArray meanSquare = x.square().mean(new int[] {-1}, true);
        NDArray scale = meanSquare.add(epsilon).pow(-0.5);
        return x.mul(scale).mul(weight(store, x, training));
    }

    NDArray weight(ParameterStore store, NDArray x, boolean training) {
        return store.getValue(weight, x.getDevice(), training);
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store,
            NDList inputs,
            boolean training,
            @Nullable PairList<String, Object> parameters) {
        return new NDList(normalise(store, inputs.singletonOrThrow(), training));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return inputShapes;
    }
}
