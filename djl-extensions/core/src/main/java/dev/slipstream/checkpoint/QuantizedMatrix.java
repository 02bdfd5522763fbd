package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A matrix {@code [out, in]} of integers in blocks of 32, and the nodes that use one; see {@link
 * BlockQuantizer}.
 *
 * @param values {@code [out, in/32, 32 x bits/8]} bytes
 * @param scales {@code [out, in/32]} floats
 * @param columns {@code in}
 * @param bits of a value, 4 or 8
 */
public record QuantizedMatrix(Tensor values, Tensor scales, int columns, int bits) {
    private static final String MICROSOFT = "com.microsoft";

    /** Checks that values and scales belong together. */
    public QuantizedMatrix {
        long blocks = (columns + BlockQuantizer.BLOCK - 1) / BlockQuantizer.BLOCK;
        long blob = BlockQuantizer.BLOCK * bits / 8;
        List<Long> expected = List.of(scales.shape().get(0), blocks, blob);
        if (!values.shape().equals(expected) || scales.shape().get(1) != blocks) {
            throw new IllegalArgumentException(
                    "values: expected %s and a scale for each block, found %s and scales of %s"
                            .formatted(expected, values.shape(), scales.shape()));
        }
    }

    /** Returns matrices of equal columns and bits under each other, as one. */
    public static QuantizedMatrix under(List<QuantizedMatrix> parts) {
        QuantizedMatrix first = parts.get(0);
        if (parts.size() == 1) {
            return first;
        }
        return new QuantizedMatrix(
                under(parts.stream().map(QuantizedMatrix::values).toList(), first.values),
                under(parts.stream().map(QuantizedMatrix::scales).toList(), first.scales),
                first.columns,
                first.bits);
    }

    private static Tensor under(List<Tensor> parts, Tensor like) {
        long bytes = parts.stream().mapToLong(part -> part.data().remaining()).sum();
        ByteBuffer all = DirectBytes.allocate(bytes);
        parts.forEach(part -> all.put(part.data().duplicate()));
        List<Long> shape = new ArrayList<>(like.shape());
        shape.set(0, parts.stream().mapToLong(part -> part.shape().get(0)).sum());
        return new Tensor(like.type(), shape, all.flip());
    }

    /** Returns {@code out}. */
    public long rows() {
        return scales.shape().get(0);
    }

    /** Returns the size of values and scales. */
    public long bytes() {
        return (long) values.data().remaining() + scales.data().remaining();
    }

    /** Returns the values as {@link #lookUp} takes them, {@code [out, bytes]}: the same memory. */
    public Tensor rowsOfBytes() {
        return new Tensor(
                ElementType.UINT8,
                List.of(rows(), values.elements() / Math.max(1, rows())),
                values.data());
    }

    /** Returns a row as floats: what its products multiply with, but for rounded activations. */
    public float[] row(int row) {
        float[] floats = new float[columns];
        int blocks = Math.toIntExact(scales.shape().get(1));
        int rowBytes = blocks * BlockQuantizer.BLOCK * bits / 8;
        for (int i = 0; i < columns; i++) {
            float scale =
                    scales.data().getFloat(Float.BYTES * (row * blocks + i / BlockQuantizer.BLOCK));
            int stored = values.data().get(row * rowBytes + i * bits / 8) & 0xff;
            int step = bits == 8 ? stored - 128 : (stored >> 4 * (i % 2) & 15) - 8;
            floats[i] = step * scale;
        }
        return floats;
    }

    /**
     * Writes a product with the transposed matrix.
     *
     * @param graph where to
     * @param x {@code [.., in]}
     * @param values name of the values
     * @param scales name of the scales
     * @param output what to call the result, {@code [.., out]}
     * @return its name
     */
    public String multiply(
            GraphBuilder graph, String x, String values, String scales, String output) {
        return graph.node("MatMulNBits", MICROSOFT, List.of(x, values, scales))
                .attribute("K", columns)
                .attribute("N", rows())
                .attribute("bits", bits)
                .attribute("block_size", BlockQuantizer.BLOCK)
                .attribute("accuracy_level", 4)
                .output(output);
    }

    /**
     * Writes a look-up of rows; the columns must be a multiple of 32.
     *
     * @param graph where to
     * @param ids name of the rows' numbers
     * @param rows name of {@link #rowsOfBytes}
     * @param scales name of the scales
     * @param output what to call the result, {@code [.., in]}
     * @return its name
     */
    public String lookUp(
            GraphBuilder graph, String ids, String rows, String scales, String output) {
        return graph.node("GatherBlockQuantized", MICROSOFT, List.of(rows, ids, scales))
                .attribute("bits", bits)
                .attribute("block_size", BlockQuantizer.BLOCK)
                .attribute("gather_axis", 0)
                .attribute("quantize_axis", 1)
                .output(output);
    }
}
