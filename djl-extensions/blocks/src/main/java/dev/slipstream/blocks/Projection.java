package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/**
 * A product with a matrix {@code [out, in]}, and a bias where the model has one: {@code [.., in]}
 * to {@code [.., out]}.
 */
public final class Projection extends SizedBlock {
    private final Parameter weight;
    private final @Nullable Parameter bias;

    private Projection(long out, long in, boolean biased) {
        weight =
                addParameter(
                        Parameter.builder()
                                .setName("weight")
                                .setType(Parameter.Type.WEIGHT)
                                .optShape(new Shape(out, in))
                                .build());
        bias =
                biased
                        ? addParameter(
                                Parameter.builder()
                                        .setName("bias")
                                        .setType(Parameter.Type.BIAS)
                                        .optShape(new Shape(out))
                                        .build())
                        : null;
    }

    /** Returns a projection without a bias. */
    static Projection plain(long out, long in) {
        return new Projection(out, in, false);
    }

    /** Returns a projection with a bias. */
    static Projection biased(long out, long in) {
        return new Projection(out, in, true);
    }

    NDArray project(ParameterStore store, NDArray x, boolean training) {
        NDArray matrix = matrix(store, x, training);
        return bias == null
                ? Linear.linear(x, matrix).singletonOrThrow()
                : Linear.linear(x, matrix, store.getValue(bias, x.getDevice(), training))
                        .singletonOrThrow();
    }

    NDArray matrix(ParameterStore store, NDArray x, boolean training) {
        return store.getValue(weight, x.getDevice(), training);
    }

    /** Adds matrix and bias to the inputs of a script. */
    void addTo(NDList inputs, ParameterStore store, NDArray x, boolean training) {
        inputs.add(matrix(store, x, training));
        if (bias != null) {
            inputs.add(store.getValue(bias, x.getDevice(), training));
        }
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store,
            NDList inputs,
            boolean training,
            @Nullable PairList<String, Object> parameters) {
        return new NDList(project(store, inputs.singletonOrThrow(), training));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        Shape input = inputShapes[0];
        return new Shape[] {input.slice(0, input.dimension() - 1).add(weight.getShape().get(0))};
    }
}
