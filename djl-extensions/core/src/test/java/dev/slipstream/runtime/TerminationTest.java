package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A JVM that is told to end while models run does so in order. */
@Timeout(120)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "ends processes without telling them")
class TerminationTest {
    private static final String MODEL =
            "../models/src/main/resources/META-INF/slipstream/models/stories260k";
    private static final int TERMINATED = 128 + 15;

    @TempDir private Path directory;

    @RepeatedTest(3)
    void modelsRunOnUntilTheLastShutdownHookHasEnded() throws Exception {
        Process process = start();
        List<String> output = new ArrayList<>();
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.add(line);
                if (line.equals(TerminatedApplication.DECODING)) {
                    // Process.destroy() would also close the stream that is being read.
                    process.toHandle().destroy();
                }
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.waitFor()).as(String.join("\n", output)).isEqualTo(TERMINATED);
        assertThat(output)
                .contains(TerminatedApplication.DECODING, TerminatedApplication.DRAINED)
                .noneMatch(line -> line.contains("SIGSEGV"));
    }

    private Process start() throws IOException {
        ProcessBuilder application =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:ErrorFile=" + directory.resolve("crash.log"),
                        "-XX:-CreateCoredumpOnCrash",
                        TerminatedApplication.class.getName(),
                        MODEL);
        application
                .environment()
                .put(
                        "CLASSPATH",
                        System.getProperty(
                                "surefire.test.class.path", System.getProperty("java.class.path")));
        return application.redirectErrorStream(true).start();
    }
}
