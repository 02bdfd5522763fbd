package dev.slipstream.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Native memory for weights that are not used as they lie in the file. */
final class DirectBytes {
    private DirectBytes() {}

    static ByteBuffer allocate(long bytes) {
        try {
            return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
        } catch (OutOfMemoryError e) {
            throw new CheckpointException(
                    "no direct memory left for %d bytes of weights; raise -XX:MaxDirectMemorySize, or choose a smaller precision"
                            .formatted(bytes),
                    e);
        }
    }
}
