package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Rounds a matrix {@code [out, in]} to 8-bit integers, one scale for each output: the nearest of
 * the steps -127 to 127, the largest magnitude of the row at 127. What comes out lies as integer
 * products take it, {@code [in, out]}.
 */
final class ColumnQuantizer {
    /** Rows that are turned at a time, so that what is written together is a whole cache line. */
    private static final int TILE = 64;

    private ColumnQuantizer() {}

    /** Where a matrix comes from, as floats. */
    interface Rows {
        /** Reads row {@code index}, of {@code in} floats. */
        void read(int index, float[] into);
    }

    /**
     * A rounded matrix.
     *
     * @param values {@code [in, out]}, INT8
     * @param scales {@code [out]}, FLOAT
     */
    record ColumnMatrix(Tensor values, Tensor scales) {}

    static ColumnMatrix quantize(Rows rows, int out, int in) {
        ByteBuffer values = DirectBytes.allocate((long) in * out);
        ByteBuffer scales = DirectBytes.allocate((long) out * Float.BYTES);
        float[] row = new float[in];
        byte[] tile = new byte[TILE * in];
        for (int first = 0; first < out; first += TILE) {
            int count = Math.min(TILE, out - first);
            for (int r = 0; r < count; r++) {
                rows.read(first + r, row);
                scales.putFloat(round(row, tile, r, count));
            }
            for (int i = 0; i < in; i++) {
                values.put(i * out + first, tile, i * count, count);
            }
        }
        return new ColumnMatrix(
                new Tensor(ElementType.INT8, List.of((long) in, (long) out), values),
                new Tensor(ElementType.FLOAT, List.of((long) out), scales.flip()));
    }

    /** Writes a row as a column of the tile, {@code [in, count]}, and returns its scale. */
    private static float round(float[] row, byte[] tile, int column, int count) {
        float extreme = 0;
        for (float value : row) {
            extreme = Math.max(extreme, Math.abs(value));
        }
        float scale = extreme / 127;
        // A subnormal scale is inexact, and so is its inverse.
        float inverse = scale < Float.MIN_NORMAL ? 0 : 1 / scale;
        for (int i = 0; i < row.length; i++) {
            tile[i * count + column] = (byte) Math.round(row[i] * inverse);
        }
        return inverse == 0 ? 0 : scale;
    }
}
