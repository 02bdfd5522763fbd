package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Passes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
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

    @Test
    void eachPassHasABarOfItsOwnSteps() {
        String drawn =
                drawn(
                        () -> true,
                        terminal -> {
                            try (PassBars bars = new PassBars(terminal, 2)) {
                                bars.begins(Passes.create(PassSpec.parse("quantise")));
                                bars.begins(Passes.create(PassSpec.parse("finercut:count=1")));
                                bars.step(7, 21);
                            }
                        });
        assertThat(drawn).contains("quantise (1 of 2)", "finercut (2 of 2)", "7/21 steps");
    }

    private static String drawn(BooleanSupplier bars) {
        return drawn(
                bars,
                terminal -> {
                    try (Progress progress = new Progress(terminal, "reading", " pages", 70)) {
                        progress.accept(35);
                    }
                });
    }

    private static String drawn(BooleanSupplier bars, Consumer<Terminal> work) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        Terminal terminal =
                new Terminal(
                        new ByteArrayInputStream(new byte[0]),
                        stream,
                        stream,
                        action -> () -> {},
                        bars);
        work.accept(terminal);
        return err.toString(StandardCharsets.UTF_8);
    }
}
