package dev.slipstream.graph;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Tensors for tests. */
final class Tensors {
    private Tensors() {}

    static Tensor random(Random random, ElementType type, long... shape) {
        List<Long> dimensions = new ArrayList<>();
        for (long dimension : shape) {
            dimensions.add(dimension);
        }
        byte[] bytes = new byte[(int) type.bytes(Tensor.elements(dimensions))];
        random.nextBytes(bytes);
        return new Tensor(
                type, dimensions, ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    }

    static Tensor floats(float... values) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(Float.BYTES * values.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return new Tensor(ElementType.FLOAT, List.of((long) values.length), data);
    }

    /** A weight of a shape whose values do not matter. */
    static Tensor weight(long... shape) {
        return random(new Random(shape.length), ElementType.FLOAT, shape);
    }
}
