package dev.slipstream.samples.benchmarks;

import dev.slipstream.samples.benchmarks.result.Machine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Describes the machine that this runs on. */
final class MachineReader {
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final List<String> INSTRUCTIONS =
            List.of(
                    "avx2",
                    "fma",
                    "avx_vnni",
                    "avx512f",
                    "avx512bw",
                    "avx512vl",
                    "avx512_vnni",
                    "avx512_bf16",
                    "amx_int8",
                    "asimd",
                    "asimddp",
                    "i8mm",
                    "sve");

    private MachineReader() {}

    static Machine read() {
        String processors = text(PROCESSORS);
        List<String> flags = List.of(value(processors, "flags", "Features").split("\\s+"));
        String memory = value(text(MEMORY), "MemTotal").replaceAll("\\D", "");
        return new Machine(
                value(processors, "model name"),
                Runtime.getRuntime().availableProcessors(),
                INSTRUCTIONS.stream().filter(flags::contains).toList(),
                memory.isEmpty() ? 0 : Long.parseLong(memory) * 1024,
                "%s %s, %s"
                        .formatted(
                                System.getProperty("os.name"),
                                System.getProperty("os.version"),
                                System.getProperty("os.arch")),
                System.getProperty("java.vendor") + " " + Runtime.version(),
                built(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    private static Map<String, String> built() {
        Properties versions = new Properties();
        try (InputStream in = MachineReader.class.getResourceAsStream("versions.properties")) {
            versions.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<String, String> built = new TreeMap<>();
        versions.stringPropertyNames().forEach(name -> built.put(name, versions.getProperty(name)));
        return built;
    }

    private static String value(String text, String... names) {
        return text.lines()
                .filter(line -> Stream.of(names).anyMatch(name -> line.matches(name + "\\s*:.*")))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("unknown");
    }

    private static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            return "";
        }
    }
}
