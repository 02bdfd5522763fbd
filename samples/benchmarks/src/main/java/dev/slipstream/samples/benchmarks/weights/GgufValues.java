package dev.slipstream.samples.benchmarks.weights;

import ai.onnxruntime.platform.Fp16Conversions;
import dev.slipstream.checkpoint.BlockQuantizer;
import dev.slipstream.checkpoint.Floats;
import dev.slipstream.checkpoint.QuantizedMatrix;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Makes a tensor's stored bytes, some rows at a time: a matrix of a gigabyte never lies in memory
 * twice. Quantised values are those that our own graphs compute with; only their scales are rounded
 * to 16 bits, as GGML does.
 */
final class GgufValues {
    /** Rows are turned over in pieces of about this many values. */
    private static final long PIECE = 1 << 20;

    private final GgufTensor tensor;
    private final Tensor values;
    private final long rows;
    private final long columns;
    private long next;

    GgufValues(GgufTensor tensor) {
        this.tensor = tensor;
        values = tensor.data().get();
        // A bias of queries is turned element by element, a norm stays whole.
        boolean turnedBias = tensor.shape().size() == 1 && tensor.headSize() > 0;
        rows = turnedBias ? tensor.columns() : tensor.rows();
        columns = turnedBias ? 1 : tensor.columns();
    }

    boolean hasNext() {
        return next < rows;
    }

    /** Returns the bytes of the next rows. */
    ByteBuffer next() {
        long count = Math.min(rows - next, Math.max(1, PIECE / columns));
        Tensor piece = rows(next, count);
        next += count;
        if (tensor.format() == WeightFormat.F32) {
            return Floats.toFloat32(piece).data().duplicate();
        }
        QuantizedMatrix matrix =
                new BlockQuantizer(tensor.format().precision()).quantize(List.of(piece));
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.toIntExact(tensor.format().bytes(count * columns)))
                        .order(ByteOrder.LITTLE_ENDIAN);
        return (matrix.bits() == 4 ? halfBytes(matrix, bytes) : bytes(matrix, bytes)).flip();
    }

    private Tensor rows(long first, long count) {
        int rowBytes = Math.toIntExact(values.type().bytes(columns));
        ByteBuffer data = values.data();
        ByteBuffer piece;
        if (tensor.headSize() == 0) {
            piece =
                    data.slice(
                            Math.toIntExact(first * rowBytes), Math.toIntExact(count * rowBytes));
        } else {
            piece = ByteBuffer.allocate(Math.toIntExact(count * rowBytes));
            for (int row = 0; row < count; row++) {
                int from = Math.toIntExact(tensor.source(first + row) * rowBytes);
                piece.put(row * rowBytes, data, from, rowBytes);
            }
        }
        return new Tensor(values.type(), List.of(count, columns), piece);
    }

    /** Ours has values {@code 2i} and {@code 2i+1} in a byte, GGML {@code i} and {@code i+16}. */
    private static ByteBuffer halfBytes(QuantizedMatrix matrix, ByteBuffer out) {
        ByteBuffer from = matrix.values().data().duplicate();
        ByteBuffer scales = matrix.scales().data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        byte[] ours = new byte[BlockQuantizer.BLOCK / 2];
        byte[] theirs = new byte[BlockQuantizer.BLOCK / 2];
        while (scales.hasRemaining()) {
            out.putShort(Fp16Conversions.floatToFp16(scales.getFloat()));
            from.get(ours);
            for (int i = 0; i < theirs.length; i++) {
                theirs[i] = (byte) (value(ours, i) | value(ours, i + theirs.length) << 4);
            }
            out.put(theirs);
        }
        return out;
    }

    private static int value(byte[] packed, int i) {
        return packed[i / 2] >> 4 * (i % 2) & 15;
    }

    /** Ours has zero at 128, GGML's bytes are signed. */
    private static ByteBuffer bytes(QuantizedMatrix matrix, ByteBuffer out) {
        ByteBuffer from = matrix.values().data().duplicate();
        ByteBuffer scales = matrix.scales().data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        byte[] block = new byte[BlockQuantizer.BLOCK];
        while (scales.hasRemaining()) {
            out.putShort(Fp16Conversions.floatToFp16(scales.getFloat()));
            from.get(block);
            for (int i = 0; i < block.length; i++) {
                block[i] -= (byte) 128;
            }
            out.put(block);
        }
        return out;
    }
}
