package dev.slipstream.operators;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** Memory for the keys and values of one sequence, [layers, 2, kvHeads, capacity, size]. */
record KeyValueBuffer(FloatBuffer floats, long[] shape) {
    static KeyValueBuffer of(int layers, Heads heads, int capacity) {
        long[] shape = {layers, 2, heads.kvHeads(), capacity, heads.size()};
        int length = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        FloatBuffer floats =
                ByteBuffer.allocateDirect(length * Float.BYTES)
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer();
        KeyValueBuffer buffer = new KeyValueBuffer(floats, shape);
        // What nobody wrote must not be read: it would spoil every sum.
        for (int i = 0; i < length; i++) {
            floats.put(i, Float.NaN);
        }
        return buffer;
    }

    float[] contents() {
        float[] result = new float[floats.capacity()];
        floats.duplicate().get(result);
        return result;
    }
}
