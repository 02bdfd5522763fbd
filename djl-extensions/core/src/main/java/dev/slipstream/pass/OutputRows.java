package dev.slipstream.pass;

import java.nio.FloatBuffer;

/**
 * What two versions of a model are compared by: some rows of one width, such as the logits of each
 * token of a sequence.
 *
 * @param rows how many
 * @param width of each
 * @param floats {@code [rows, width]}, from index 0
 */
public record OutputRows(int rows, int width, FloatBuffer floats) {
    /** Checks the size. */
    public OutputRows {
        if (rows < 1 || width < 1 || floats.limit() < (long) rows * width) {
            throw new IllegalArgumentException(
                    "expected %d rows of %d floats, found %d floats"
                            .formatted(rows, width, floats.limit()));
        }
    }

    /** Returns the same in memory of its own. */
    public OutputRows copy() {
        float[] values = new float[rows * width];
        floats.get(0, values);
        return new OutputRows(rows, width, FloatBuffer.wrap(values));
    }

    /** Reads one row. */
    void row(int row, float[] into) {
        floats.get(row * width, into, 0, width);
    }

    long bytes() {
        return (long) rows * width * Float.BYTES;
    }
}
