package dev.slipstream.evaluate;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The memory that the process really has beside its Java heap, native and mapped memory: Linux
 * tells it in {@code /proc/self/status} as {@code VmRSS}. The heap is left out, for it grows and
 * shrinks by more than a small model takes.
 */
public final class ResidentMemory {
    private static final Path STATUS = Path.of("/proc/self/status");

    private ResidentMemory() {}

    /** Returns the bytes after a collection of garbage; null where they are not told. */
    public static @Nullable Long now() {
        // Direct buffers of a model that was closed are freed by the collector only.
        System.gc();
        try {
            Long resident = Files.exists(STATUS) ? of(Files.readString(STATUS)) : null;
            long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
            return resident == null ? null : (Long) (resident - heap);
        } catch (IOException e) {
            return null;
        }
    }

    /** Returns the growth since a moment; null if either is not told, or memory did not grow. */
    public static @Nullable Long growthSince(@Nullable Long before) {
        Long after = before == null ? null : now();
        return before == null || after == null || after <= before ? null : after - before;
    }

    static @Nullable Long of(String status) {
        for (String line : status.split("\n")) {
            String[] words = line.strip().split("\\s+");
            if (words.length == 3 && words[0].equals("VmRSS:") && words[2].equals("kB")) {
                return Long.parseLong(words[1]) * 1024;
            }
        }
        return null;
    }
}
