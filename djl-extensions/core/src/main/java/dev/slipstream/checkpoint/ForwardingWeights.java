package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.util.List;
import java.util.Set;

/** Weights that are others' with a change: what is not overridden is theirs. */
public interface ForwardingWeights extends Weights {
    /** Returns the others. */
    Weights weights();

    @Override
    default String location() {
        return weights().location();
    }

    @Override
    default Set<String> names() {
        return weights().names();
    }

    @Override
    default boolean contains(String name) {
        return weights().contains(name);
    }

    @Override
    default List<Long> shape(String name) {
        return weights().shape(name);
    }

    @Override
    default ElementType type(String name) {
        return weights().type(name);
    }

    @Override
    default Tensor tensor(String name) {
        return weights().tensor(name);
    }
}
