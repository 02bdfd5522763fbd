package dev.slipstream.samples.benchmarks.contest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the system says of a process' memory: Linux only, 0 elsewhere.
 *
 * @param resident bytes at the moment ({@code VmRSS})
 * @param peak the most of it until now ({@code VmHWM})
 */
public record ProcessMemory(long resident, long peak) {
    /** Of a process that is not there. */
    public static final ProcessMemory NONE = new ProcessMemory(0, 0);

    private static final long KIBIBYTE = 1024;

    /** Returns the memory of a process; {@link #NONE} if it is gone or the system does not tell. */
    public static ProcessMemory of(long process) {
        try {
            return parse(Files.readString(Path.of("/proc/" + process + "/status")));
        } catch (IOException e) {
            return NONE;
        }
    }

    static ProcessMemory parse(String status) {
        return new ProcessMemory(bytes(status, "VmRSS:"), bytes(status, "VmHWM:"));
    }

    private static long bytes(String status, String name) {
        return status.lines()
                .map(line -> line.strip().split("\\s+"))
                .filter(words -> words.length == 3 && words[0].equals(name))
                .mapToLong(words -> Long.parseLong(words[1]) * KIBIBYTE)
                .findFirst()
                .orElse(0);
    }
}
