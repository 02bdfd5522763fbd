package dev.slipstream.pass;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Whole numbers as constants of a graph. */
final class Whole {
    private Whole() {}

    /** Returns one number without dimensions. */
    static Tensor scalar(long value) {
        return new Tensor(ElementType.INT64, List.of(), data(value));
    }

    /** Returns a vector. */
    static Tensor of(long... values) {
        return new Tensor(ElementType.INT64, List.of((long) values.length), data(values));
    }

    /** Returns a matrix, row by row. */
    static Tensor table(int columns, long... values) {
        return new Tensor(
                ElementType.INT64,
                List.of((long) values.length / columns, (long) columns),
                data(values));
    }

    private static ByteBuffer data(long... values) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(Long.BYTES * values.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asLongBuffer().put(values);
        return data;
    }
}
