package dev.slipstream.runtime;

import java.nio.FloatBuffer;

/**
 * The logits of one run, in the native memory that ONNX Runtime wrote. Valid until the next run of
 * the session that gave them.
 *
 * @param values {@code [rows, vocabularySize]}, row-major
 * @param rows number of positions
 * @param vocabularySize number of logits a row
 */
public record Logits(FloatBuffer values, int rows, int vocabularySize) {
    /**
     * Returns the logits of one position, without a copy.
     *
     * @param index 0 for the first of the requested positions
     */
    public FloatBuffer row(int index) {
        return values.slice(
                Math.multiplyExact(java.util.Objects.checkIndex(index, rows), vocabularySize),
                vocabularySize);
    }

    /** Returns the logits of the last position, without a copy. */
    public FloatBuffer last() {
        return row(rows - 1);
    }
}
