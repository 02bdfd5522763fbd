package dev.slipstream.evaluate;

import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import org.jspecify.annotations.Nullable;

/**
 * What a model takes of the machine.
 *
 * @param storedBytes of all its weights in the form in which they are stored: what the model takes
 *     on disk, but for the few kilobytes of its graph
 * @param residentBytes by which the process grew beside its Java heap while the model was opened;
 *     null where the system does not tell. It holds packed copies of weights and whatever opening
 *     left behind, but no keys and values
 */
public record Footprint(long storedBytes, @Nullable Long residentBytes) {
    /** Checks the range. */
    public Footprint {
        if (storedBytes < 0) {
            throw new IllegalArgumentException(
                    "storedBytes: expected 0 or more, found " + storedBytes);
        }
    }

    /** Returns the bytes of all weights of a graph as it stores them: equal large ones once. */
    public static long storedBytes(OnnxModel graph) {
        return Anatomy.of(graph).bytes();
    }
}
