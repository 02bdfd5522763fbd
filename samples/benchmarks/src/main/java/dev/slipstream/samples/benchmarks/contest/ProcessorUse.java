package dev.slipstream.samples.benchmarks.contest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Processor time until a moment, to tell how much of the machine others used: Linux only.
 *
 * @param busyTicks of all processors, by anybody; what a hypervisor took from this machine too
 * @param ownTicks of this process, its children and theirs, living and dead
 * @param nanos when, by {@link System#nanoTime}
 */
public record ProcessorUse(long busyTicks, long ownTicks, long nanos) {
    /** Linux counts in hundredths of a second towards programs, whatever it does inside. */
    private static final double TICKS_PER_SECOND = 100;

    private static final Path ALL = Path.of("/proc/stat");
    private static final int IDLE = 4;
    private static final int WAITING = 5;
    private static final int STOLEN = 8;
    private static final int USER = 11;

    /** Returns the use until now; nothing but the time where the system does not tell. */
    public static ProcessorUse now() {
        long nanos = System.nanoTime();
        ProcessHandle self = ProcessHandle.current();
        try (Stream<String> lines = Files.lines(ALL)) {
            long busy = busy(lines.findFirst().orElse(""));
            long own =
                    Stream.concat(Stream.of(self), self.descendants())
                            .mapToLong(process -> ticksOf(process.pid()))
                            .sum();
            return new ProcessorUse(busy, own, nanos);
        } catch (IOException e) {
            return new ProcessorUse(0, 0, nanos);
        }
    }

    /**
     * Returns the share of the machine's processor time that other processes used in between, from
     * 0 to 1.
     *
     * @param processors of the machine
     */
    public static double foreignShare(ProcessorUse from, ProcessorUse to, int processors) {
        double seconds = (to.nanos - from.nanos) / 1e9;
        double foreign =
                (to.busyTicks - from.busyTicks - (to.ownTicks - from.ownTicks)) / TICKS_PER_SECOND;
        return seconds <= 0 ? 0 : Math.min(1, Math.max(0, foreign / (seconds * processors)));
    }

    /** Reads the line {@code cpu user nice system idle iowait irq softirq steal guest ...}. */
    static long busy(String line) {
        String[] words = line.strip().split("\\s+");
        long busy = 0;
        // Guests are counted among the users already.
        for (int i = 1; i < words.length && i <= STOLEN; i++) {
            if (i != IDLE && i != WAITING) {
                busy += Long.parseLong(words[i]);
            }
        }
        return busy;
    }

    /** Reads user and system time, its own and of children that ended. */
    static long own(String stat) {
        // The name before it may have spaces and parentheses.
        String[] words = stat.substring(stat.lastIndexOf(')') + 1).strip().split("\\s+");
        long ticks = 0;
        for (int i = USER; i < USER + 4; i++) {
            ticks += Long.parseLong(words[i]);
        }
        return ticks;
    }

    private static long ticksOf(long process) {
        try {
            return own(Files.readString(Path.of("/proc/" + process + "/stat")));
        } catch (IOException e) {
            return 0;
        }
    }
}
