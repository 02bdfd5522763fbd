package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/** Widens the two 16-bit floating-point types; both widenings are exact. */
public final class Floats {
    /** Elements copied to the heap and back at a time: the loops over arrays are vectorised. */
    private static final int BLOCK = 4096;

    private Floats() {}

    /**
     * Returns a tensor as {@link ElementType#FLOAT}: itself if it is one, else a copy in direct
     * memory.
     *
     * @param tensor of type FLOAT, FLOAT16 or BFLOAT16
     * @throws CheckpointException if it has another type, or 2^29 elements or more
     */
    public static Tensor toFloat32(Tensor tensor) {
        if (tensor.type() == ElementType.FLOAT) {
            return tensor;
        }
        if (tensor.type() != ElementType.FLOAT16 && tensor.type() != ElementType.BFLOAT16) {
            throw new CheckpointException(
                    "expected a tensor of FLOAT, FLOAT16 or BFLOAT16, found %s%s"
                            .formatted(tensor.type(), tensor.shape()));
        }
        if (tensor.elements() > Integer.MAX_VALUE / Float.BYTES) {
            throw new CheckpointException(
                    "expected a tensor below 2 GiB as FLOAT, found %s%s"
                            .formatted(tensor.type(), tensor.shape()));
        }
        int elements = (int) tensor.elements();
        ByteBuffer wide = DirectBytes.allocate((long) elements * Float.BYTES);
        ShortBuffer from = tensor.data().asShortBuffer();
        FloatBuffer to = wide.asFloatBuffer();
        short[] narrowBlock = new short[Math.min(BLOCK, elements)];
        float[] wideBlock = new float[narrowBlock.length];
        while (from.hasRemaining()) {
            int n = Math.min(narrowBlock.length, from.remaining());
            from.get(narrowBlock, 0, n);
            if (tensor.type() == ElementType.BFLOAT16) {
                widenBfloat16(narrowBlock, wideBlock, n);
            } else {
                widenFloat16(narrowBlock, wideBlock, n);
            }
            to.put(wideBlock, 0, n);
        }
        return new Tensor(ElementType.FLOAT, tensor.shape(), wide);
    }

    /**
     * Reads consecutive values of a tensor of any of the three types.
     *
     * @param tensor of type FLOAT, FLOAT16 or BFLOAT16
     * @param from index of the first value
     * @param into receives as many values as it holds
     */
    static void read(Tensor tensor, int from, float[] into) {
        if (tensor.type() == ElementType.FLOAT) {
            tensor.data().asFloatBuffer().get(from, into);
            return;
        }
        short[] narrow = new short[into.length];
        tensor.data().asShortBuffer().get(from, narrow);
        if (tensor.type() == ElementType.BFLOAT16) {
            widenBfloat16(narrow, into, into.length);
        } else {
            widenFloat16(narrow, into, into.length);
        }
    }

    private static void widenBfloat16(short[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = Float.intBitsToFloat(from[i] << 16);
        }
    }

    /**
     * Shifts exponent and fraction to their places, which leaves the exponent's bias 112 too small;
     * a multiplication by 2^112 corrects it, subnormal numbers included. Infinities and NaN, whose
     * exponent is all ones, get theirs afterwards.
     */
    private static void widenFloat16(short[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            int half = from[i];
            float scaled = Float.intBitsToFloat((half & 0x7fff) << 13) * 0x1p112f;
            int bits = Float.floatToRawIntBits(scaled);
            int special = (half & 0x7c00) == 0x7c00 ? 0x7f800000 : 0;
            to[i] = Float.intBitsToFloat(bits | special | (half & 0x8000) << 16);
        }
    }
}
