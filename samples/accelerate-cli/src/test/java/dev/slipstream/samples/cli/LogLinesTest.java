package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class LogLinesTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final LogLines lines =
            new LogLines(new PrintStream(out, false, StandardCharsets.UTF_8));

    @Test
    void tellsEachMessageInALineOfItsOwn() {
        log("dev.slipstream.zoo.Accelerator", Level.INFO, "{0}: applies {1}", "tale", "low-rank");
        log("dev.slipstream.pass.PassCache", Level.WARNING, "cannot be written");
        log("ai.djl.Engine", Level.WARNING, "is old");

        assertThat(out.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "tale: applies low-rank", "warning: cannot be written", "warning: is old");
    }

    @Test
    void keepsToItselfWhatOnlyDevelopersRead() {
        log("dev.slipstream.zoo.Accelerator", Level.FINE, "detail");
        log("ai.djl.Engine", Level.INFO, "loads");
        log(null, Level.INFO, "somebody");

        assertThat(out.size()).isZero();
    }

    private void log(String logger, Level level, String message, Object... parameters) {
        LogRecord entry = new LogRecord(level, message);
        entry.setLoggerName(logger);
        entry.setParameters(parameters);
        lines.publish(entry);
    }
}
