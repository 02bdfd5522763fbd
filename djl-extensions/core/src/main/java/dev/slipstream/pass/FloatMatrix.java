package dev.slipstream.pass;

import dev.slipstream.graph.Tensor;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A constant matrix of 32-bit floats that a graph multiplies with, or of which it looks up rows by
 * token ids, or both.
 *
 * @param weight its name
 * @param layout how it lies; rows that are looked up are {@code out}
 * @param in features of what comes in
 * @param out features of what comes out
 * @param inputs the values that are multiplied with it; empty if it is only looked up
 * @param lookedUp whether its rows are embeddings that can be stored as integers
 */
record FloatMatrix(
        String weight,
        Linear.Layout layout,
        int in,
        int out,
        SortedSet<String> inputs,
        boolean lookedUp) {
    /** Returns the number of weights. */
    long size() {
        return (long) in * out;
    }

    /** Returns the same matrix with what another place in the graph does with it. */
    FloatMatrix and(FloatMatrix other) {
        SortedSet<String> all = new TreeSet<>(inputs);
        all.addAll(other.inputs);
        return new FloatMatrix(weight, layout, in, out, all, lookedUp || other.lookedUp);
    }

    /** Tells whether another use sees the same rows and columns. */
    boolean agrees(FloatMatrix other) {
        return layout == other.layout && in == other.in && out == other.out;
    }

    /** Returns the values as {@code [out, in]}; the tensor itself where it lies so. */
    Tensor rows(Map<String, Tensor> initializers) {
        return layout.turned(initializers.get(weight));
    }
}
