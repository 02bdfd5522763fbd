package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class ProgressTest {
    @Test
    void drawsOnATerminal() {
        assertThat(drawn(() -> true)).contains("reading").contains("35/70 pages");
    }

    @Test
    void leavesAFileClean() {
        assertThat(drawn(() -> false)).isEmpty();
    }

    private static String drawn(BooleanSupplier bars) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        Terminal terminal =
                new Terminal(
                        new ByteArrayInputStream(new byte[0]),
                        stream,
                        stream,
                        action -> () -> {},
                        bars);
        try (Progress progress = new Progress(terminal, "reading", " pages", 70)) {
            progress.accept(35);
        }
        return err.toString(StandardCharsets.UTF_8);
    }
}
