package dev.slipstream.samples.benchmarks.weights;

import dev.slipstream.graph.Tensor;
import java.util.List;
import java.util.function.Supplier;

/**
 * A tensor of a GGUF file.
 *
 * @param name by which llama.cpp knows it
 * @param shape row-major, as in the checkpoint: {@code [out, in]} or {@code [length]}
 * @param format of its values
 * @param headSize of queries and keys, whose rows are turned in neighbouring pairs there; 0 for all
 *     other tensors
 * @param data the values as the checkpoint has them
 */
record GgufTensor(
        String name, List<Long> shape, WeightFormat format, int headSize, Supplier<Tensor> data) {
    GgufTensor {
        shape = List.copyOf(shape);
    }

    long rows() {
        return shape.size() == 1 ? 1 : shape.get(0);
    }

    long columns() {
        return shape.get(shape.size() - 1);
    }

    /** Returns the size of the stored values. */
    long bytes() {
        return format.bytes(rows() * columns());
    }

    /**
     * Returns which row of the checkpoint is stored at a place. Hugging Face turns row {@code i} of
     * a head against row {@code i + headSize/2}, llama.cpp row {@code 2i} against {@code 2i+1}.
     */
    long source(long row) {
        if (headSize == 0) {
            return row;
        }
        long inHead = row % headSize;
        return row - inHead + inHead / 2 + inHead % 2 * (headSize / 2);
    }
}
