package dev.slipstream.samples.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Drives the service with OpenAI's own client; needs Node.js, and npm's registry once. */
@Tag("thorough")
class OpenAiClientTest {
    private static final Path SCRIPTS = Path.of("src", "test", "js");

    @Test
    void officialClientWorksUnchanged(@TempDir Path directory) throws Exception {
        for (String file : List.of("package.json", "package-lock.json", ".npmrc", "check.mjs")) {
            Files.copy(SCRIPTS.resolve(file), directory.resolve(file));
        }
        Outcome installed = run(directory, "npm", "ci", "--no-audit", "--no-fund");
        assumeTrue(
                installed.status() == 0,
                () -> "skipped, npm cannot install the client here:\n" + installed.output());

        List<String> arguments = new ArrayList<>(List.of("--server.port=0"));
        for (String setting : List.of("max-active=1", "max-queued=0")) {
            arguments.add("--slipstream.models.storyteller-7m." + setting);
        }
        try (ConfigurableApplicationContext application =
                SpringApplication.run(
                        ChatServiceApplication.class, arguments.toArray(String[]::new))) {
            String port = application.getEnvironment().getRequiredProperty("local.server.port");
            Outcome checked =
                    run(directory, "node", "check.mjs", "http://localhost:" + port + "/v1");
            assertThat(checked.output()).endsWith("13 passed, 0 failed\n");
            assertThat(checked.status()).isZero();
        }
    }

    private record Outcome(int status, String output) {}

    private static Outcome run(Path directory, String... command)
            throws IOException, InterruptedException {
        Process process;
        Path output = directory.resolve("output.txt");
        try {
            process =
                    new ProcessBuilder(command)
                            .directory(directory.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start();
        } catch (IOException e) {
            return new Outcome(-1, String.valueOf(e.getMessage()));
        }
        boolean ended = process.waitFor(5, TimeUnit.MINUTES);
        process.destroyForcibly();
        return new Outcome(
                ended ? process.waitFor() : -1, Files.readString(output, StandardCharsets.UTF_8));
    }
}
