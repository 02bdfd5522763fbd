package dev.slipstream.pass;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Single whole numbers as constants of a graph. */
final class Scalars {
    private Scalars() {}

    static Tensor of(long value) {
        ByteBuffer data = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return new Tensor(ElementType.INT64, List.of(), data.putLong(0, value));
    }
}
