package dev.slipstream.pass;

import dev.slipstream.checkpoint.ForwardingWeights;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.List;

/**
 * A checkpoint with the feed-forward matrices of a sliced graph.
 *
 * @param weights the whole checkpoint
 * @param sliced a graph of 32-bit floats that was made from it
 */
record SlicedWeights(Weights weights, OnnxModel sliced) implements ForwardingWeights {
    @Override
    public List<Long> shape(String name) {
        return tensor(name).shape();
    }

    @Override
    public Tensor tensor(String name) {
        return sliced.initializers().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(name + ".axis"))
                .map(entry -> entry.getValue())
                .findFirst()
                .orElseGet(() -> weights.tensor(name));
    }
}
