package dev.slipstream.runtime;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Native memory for what runs hand to each other. */
final class Buffers {
    private static final @Nullable MethodHandle CLEANER = cleaner();

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

    /** Returns a buffer itself, or a larger one in its place if it became too small. */
    static ByteBuffer fitting(ByteBuffer buffer, long bytes) {
        return buffer.capacity() >= bytes ? buffer : larger(buffer, bytes);
    }

    /** Returns a buffer in the place of one that became too small, half as large again at least. */
    static ByteBuffer larger(ByteBuffer old, long bytes) {
        long roomy = Math.min(Integer.MAX_VALUE, old.capacity() * 3L / 2);
        return allocate(Math.max(bytes, roomy));
    }

    /**
     * Gives native memory back at once: the garbage collector, which sees a buffer's few bytes on
     * the heap only, may let gigabytes wait. Where the JVM does not offer that, it does.
     *
     * @param buffer what {@link #allocate} returned; neither it, nor a view of it, nor a tensor on
     *     it is ever used again
     */
    static void free(ByteBuffer buffer) {
        if (CLEANER == null) {
            return;
        }
        try {
            CLEANER.invokeExact(buffer);
        } catch (Throwable e) {
            throw new IllegalStateException("expected a buffer with memory of its own", e);
        }
    }

    /**
     * By reflection: the class is no part of the language's platform. From Java 24 on its use
     * prints warnings at users; there the garbage collector frees.
     */
    private static @Nullable MethodHandle cleaner() {
        if (Runtime.version().feature() >= 24) {
            return null;
        }
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field instance = type.getDeclaredField("theUnsafe");
            instance.setAccessible(true);
            return MethodHandles.publicLookup()
                    .findVirtual(
                            type,
                            "invokeCleaner",
                            MethodType.methodType(void.class, ByteBuffer.class))
                    .bindTo(instance.get(null));
        } catch (ReflectiveOperationException | RuntimeException e) {
            return null;
        }
    }
}
