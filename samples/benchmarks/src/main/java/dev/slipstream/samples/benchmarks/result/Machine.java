package dev.slipstream.samples.benchmarks.result;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What measured.
 *
 * @param processor its name
 * @param processors that the JVM may use
 * @param instructions vector instruction sets that matter
 * @param memory bytes
 * @param system with its version and architecture
 * @param java vendor and version
 * @param versions of the libraries, by name
 * @param load runnable processes in the last minute when the comparison began; negative if unknown
 */
public record Machine(
        String processor,
        int processors,
        List<String> instructions,
        long memory,
        String system,
        String java,
        Map<String, String> versions,
        double load) {
    /** Copies lists and maps. */
    public Machine {
        instructions = List.copyOf(instructions);
        versions = Collections.unmodifiableMap(new TreeMap<>(versions));
    }

    /** Returns this with more versions. */
    public Machine with(Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(versions);
        all.putAll(more);
        return new Machine(processor, processors, instructions, memory, system, java, all, load);
    }
}
