package dev.slipstream.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Native memory for what runs hand to each other. */
final class Buffers {
    private Buffers() {}

    static ByteBuffer allocate(long bytes) {
        if (bytes > Integer.MAX_VALUE) {
            throw new InferenceException(
                    "one buffer would take %d bytes, more than the 2 GiB that a buffer can hold; lower the context length"
                            .formatted(bytes));
        }
        try {
            return ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.nativeOrder());
        } catch (OutOfMemoryError e) {
            throw new InferenceException(
                    "no direct memory left for a buffer of %d bytes; raise -XX:MaxDirectMemorySize, or lower the context length or the number of requests that run at once"
                            .formatted(bytes),
                    e);
        }
    }
}
