package dev.slipstream.graph;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A constant tensor: the values of one initializer, row-major, little-endian.
 *
 * @param type the element type
 * @param shape the dimensions; empty for a scalar
 * @param data exactly the tensor's bytes; a direct or mapped buffer for weights, so that a session
 *     can use them in place
 */
public record Tensor(ElementType type, List<Long> shape, ByteBuffer data) {
    /** Checks that the bytes are as many as shape and type need. */
    public Tensor {
        shape = List.copyOf(shape);
        long expected = type.bytes(elements(shape));
        if (data.remaining() != expected) {
            throw new IllegalArgumentException(
                    "a tensor of %s%s takes %d bytes, but %d are given"
                            .formatted(type, shape, expected, data.remaining()));
        }
        data = data.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Returns the number of elements. */
    public long elements() {
        return elements(shape);
    }

    static long elements(List<Long> shape) {
        long n = 1;
        for (long dimension : shape) {
            if (dimension < 0) {
                throw new IllegalArgumentException("negative dimension in shape " + shape);
            }
            n = Math.multiplyExact(n, dimension);
        }
        return n;
    }
}
