package dev.slipstream.samples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What other processes do while something is measured. Linux only: there the system counts in
 * hundredths of a second.
 */
final class OtherLoad {
    private static final Path COUNTS = Path.of("/proc/stat");
    private static final int IDLE = 3;
    private static final int WAITING = 4;
    private static final int KINDS = 8;
    private static final double UNITS_PER_SECOND = 100;

    private final long start = System.nanoTime();
    private final @Nullable Double before = others();

    /** Returns how many processors others used on average since; null where nobody tells. */
    @Nullable Double processors() {
        Double after = others();
        double seconds = (System.nanoTime() - start) / 1e9;
        return before == null || after == null ? null : Math.max(0, (after - before) / seconds);
    }

    /** Returns the seconds of all processors that were not this process's. */
    private static @Nullable Double others() {
        Duration own = ProcessHandle.current().info().totalCpuDuration().orElse(null);
        if (own == null || !Files.exists(COUNTS)) {
            return null;
        }
        try {
            // cpu user nice system idle iowait irq softirq steal; what follows is counted in user.
            String all = Files.readAllLines(COUNTS).get(0);
            long[] units =
                    Arrays.stream(all.split("\\s+"))
                            .skip(1)
                            .limit(KINDS)
                            .mapToLong(Long::parseLong)
                            .toArray();
            long busy = Arrays.stream(units).sum() - units[IDLE] - units[WAITING];
            return busy / UNITS_PER_SECOND - own.toNanos() / 1e9;
        } catch (IOException e) {
            return null;
        }
    }
}
