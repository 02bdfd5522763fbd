package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Rounds matrices {@code [out, in]} to integers in blocks of 32 along {@code in}, one fp32 scale a
 * block, in the layout of {@code MatMulNBits}: {@code [out, in/32, 32 x bits/8]} bytes, low nibble
 * first, zero at the middle of the range (8 or 128), the last block of a row padded with zeros.
 */
public final class BlockQuantizer {
    /** Weights that share a scale. */
    public static final int BLOCK = 32;

    private final int bits;

    /**
     * Constructs a quantiser.
     *
     * @param precision INT8 or INT4
     */
    public BlockQuantizer(Precision precision) {
        bits =
                switch (precision) {
                    case INT8 -> 8;
                    case INT4 -> 4;
                    case FP32 ->
                            throw new IllegalArgumentException("fp32 weights are not quantised");
                };
    }

    /**
     * Quantises matrices that lie under each other as one.
     *
     * @param parts matrices {@code [out_i, in]} of FLOAT, FLOAT16 or BFLOAT16
     */
    public QuantizedMatrix quantize(List<Tensor> parts) {
        int columns = Math.toIntExact(parts.get(0).shape().get(1));
        long rows = parts.stream().mapToLong(part -> part.shape().get(0)).sum();
        int blocks = (columns + BLOCK - 1) / BLOCK;
        int blob = BLOCK * bits / 8;
        ByteBuffer values = DirectBytes.allocate(rows * blocks * blob);
        ByteBuffer scales = DirectBytes.allocate(rows * blocks * Float.BYTES);
        float[] row = new float[columns];
        float[] block = new float[BLOCK];
        for (Tensor part : parts) {
            long count = part.shape().get(0);
            for (int r = 0; r < count; r++) {
                Floats.read(part, r * columns, row);
                for (int b = 0; b < blocks; b++) {
                    int filled = Math.min(BLOCK, columns - b * BLOCK);
                    System.arraycopy(row, b * BLOCK, block, 0, filled);
                    Arrays.fill(block, filled, BLOCK, 0);
                    scales.putFloat(bits == 4 ? fourBits(block, values) : eightBits(block, values));
                }
            }
        }
        return matrix(rows, columns, values, scales);
    }

    /**
     * Packs a matrix that was rounded elsewhere.
     *
     * @param columns the length of a row
     * @param steps {@code [out, in]}, row-major, zero at 0: -8 to 7, or -128 to 127
     * @param scales {@code [out, in/32]}, the last block of a row may be shorter
     */
    public QuantizedMatrix pack(int columns, byte[] steps, float[] scales) {
        int rows = steps.length / columns;
        int blocks = (columns + BLOCK - 1) / BLOCK;
        if (rows * columns != steps.length || rows * blocks != scales.length) {
            throw new IllegalArgumentException(
                    "expected whole rows of %d steps and %d scales, found %d and %d"
                            .formatted(columns, blocks, steps.length, scales.length));
        }
        ByteBuffer values = DirectBytes.allocate((long) rows * blocks * BLOCK * bits / 8);
        ByteBuffer factors = DirectBytes.allocate((long) scales.length * Float.BYTES);
        factors.asFloatBuffer().put(scales);
        byte[] block = new byte[BLOCK];
        for (int row = 0; row < rows; row++) {
            for (int b = 0; b < blocks; b++) {
                int filled = Math.min(BLOCK, columns - b * BLOCK);
                System.arraycopy(steps, row * columns + b * BLOCK, block, 0, filled);
                Arrays.fill(block, filled, BLOCK, (byte) 0);
                pack(block, values);
            }
        }
        return matrix(rows, columns, values, factors.position(factors.capacity()));
    }

    private void pack(byte[] steps, ByteBuffer out) {
        for (int i = 0; i < BLOCK; i += 8 / bits) {
            out.put(
                    bits == 8
                            ? (byte) (steps[i] + 128)
                            : (byte) (steps[i] + 8 | steps[i + 1] + 8 << 4));
        }
    }

    private QuantizedMatrix matrix(long rows, int columns, ByteBuffer values, ByteBuffer scales) {
        long blocks = (columns + BLOCK - 1) / BLOCK;
        return new QuantizedMatrix(
                new Tensor(
                        ElementType.UINT8,
                        List.of(rows, blocks, (long) BLOCK * bits / 8),
                        values.flip()),
                new Tensor(ElementType.FLOAT, List.of(rows, blocks), scales.flip()),
                columns,
                bits);
    }

    /** The value of largest magnitude becomes exactly -8, which the range has and +8 not. */
    private static float fourBits(float[] block, ByteBuffer out) {
        float extreme = 0;
        for (float value : block) {
            if (Math.abs(value) > Math.abs(extreme)) {
                extreme = value;
            }
        }
        float scale = scale(extreme, -8);
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < BLOCK; i += 2) {
            int low = nibble(block[i] * inverse);
            int high = nibble(block[i + 1] * inverse);
            out.put((byte) (low | high << 4));
        }
        return scale;
    }

    private static int nibble(float scaled) {
        return Math.max(0, Math.min(15, Math.round(scaled) + 8));
    }

    private static float eightBits(float[] block, ByteBuffer out) {
        float extreme = 0;
        for (float value : block) {
            extreme = Math.max(extreme, Math.abs(value));
        }
        float scale = scale(extreme, 127);
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (float value : block) {
            out.put((byte) (Math.round(value * inverse) + 128));
        }
        return scale;
    }

    /** Blocks below 1e-36 become zeros: a subnormal scale is inexact, and so is its inverse. */
    private static float scale(float extreme, int steps) {
        float scale = extreme / steps;
        return Math.abs(scale) < Float.MIN_NORMAL ? 0 : scale;
    }
}
