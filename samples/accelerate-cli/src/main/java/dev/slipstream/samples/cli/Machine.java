package dev.slipstream.samples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What measured: times mean nothing without it.
 *
 * @param processor its name, as far as the system tells
 * @param processors that the JVM may use
 * @param system operating system and architecture
 * @param java vendor and version
 * @param slipstream version
 * @param onnxruntime version
 */
record Machine(
        String processor,
        int processors,
        String system,
        String java,
        String slipstream,
        String onnxruntime) {
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    static Machine here() {
        return new Machine(
                processorName(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                System.getProperty("java.vendor") + " " + Runtime.version(),
                Versions.of("slipstream"),
                Versions.of("onnxruntime"));
    }

    private static String processorName() {
        try (Stream<String> lines =
                Files.exists(PROCESSORS) ? Files.lines(PROCESSORS) : Stream.empty()) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }
}
