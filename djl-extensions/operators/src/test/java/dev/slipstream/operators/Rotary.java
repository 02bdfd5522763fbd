package dev.slipstream.operators;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.function.DoubleUnaryOperator;

/** Tables of the rotary embedding, [positions, size / 2]. */
record Rotary(int positions, int half, FloatBuffer cos, FloatBuffer sin) {
    static Rotary of(int positions, int size) {
        return new Rotary(
                positions,
                size / 2,
                table(positions, size / 2, Math::cos),
                table(positions, size / 2, Math::sin));
    }

    private static FloatBuffer table(int positions, int half, DoubleUnaryOperator function) {
        FloatBuffer table =
                ByteBuffer.allocateDirect(positions * half * Float.BYTES)
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer();
        for (int position = 0; position < positions; position++) {
            for (int i = 0; i < half; i++) {
                double angle = position * Math.pow(10000, -(double) i / half);
                table.put(position * half + i, (float) function.applyAsDouble(angle));
            }
        }
        return table;
    }

    long[] shape() {
        return new long[] {positions, half};
    }
}
