package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads the values of a tensor of any floating-point type, piece by piece, as 32-bit floats. */
final class FloatReader {
    private final Tensor tensor;
    private final ByteBuffer data;

    FloatReader(Tensor tensor) {
        this.tensor = tensor;
        this.data = tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        if (tensor.type() != ElementType.FLOAT
                && tensor.type() != ElementType.FLOAT16
                && tensor.type() != ElementType.BFLOAT16) {
            throw new CheckpointException(
                    "expected weights of type F32, F16 or BF16, found " + tensor.type());
        }
    }

    /**
     * Reads consecutive values.
     *
     * @param from index of the first value
     * @param into receives as many values as it holds
     */
    void read(int from, float[] into) {
        switch (tensor.type()) {
            case FLOAT ->
                    data.slice(from * 4, into.length * 4)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .asFloatBuffer()
                            .get(into);
            case FLOAT16 -> {
                for (int i = 0; i < into.length; i++) {
                    into[i] = halfToFloat(data.getShort((from + i) * 2));
                }
            }
            default -> {
                for (int i = 0; i < into.length; i++) {
                    into[i] = Float.intBitsToFloat(data.getShort((from + i) * 2) << 16);
                }
            }
        }
    }

    /** Returns all values as a tensor of 32-bit floats; one that is so already is not copied. */
    static Tensor toFloat32(Tensor tensor) {
        if (tensor.type() == ElementType.FLOAT) {
            return tensor;
        }
        long bytes = tensor.elements() * Float.BYTES;
        if (bytes > Integer.MAX_VALUE) {
            throw new CheckpointException(
                    "a tensor of %s takes %d bytes as fp32, more than the 2 GiB that a buffer holds; choose int8 or int4"
                            .formatted(tensor.shape(), bytes));
        }
        ByteBuffer result = DirectBytes.allocate(bytes);
        FloatReader reader = new FloatReader(tensor);
        float[] piece = new float[(int) Math.min(1 << 14, tensor.elements())];
        int total = (int) tensor.elements();
        for (int from = 0; from < total; from += piece.length) {
            if (total - from < piece.length) {
                piece = new float[total - from];
            }
            reader.read(from, piece);
            result.asFloatBuffer().put(from, piece);
        }
        return new Tensor(ElementType.FLOAT, tensor.shape(), result);
    }

    private static float halfToFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >>> 10) & 0x1F;
        int fraction = half & 0x3FF;
        if (exponent == 0) {
            float value = fraction * 0x1p-24f;
            return sign == 0 ? value : -value;
        }
        int wide = exponent == 31 ? 0xFF : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }
}
