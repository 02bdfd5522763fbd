package dev.slipstream.samples.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Runs commands with captured streams. */
final class Shell {
    private final Library library;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private byte[] in = {};
    private Interrupts interrupts = action -> () -> {};

    Shell(Library library) {
        this.library = library;
    }

    Shell input(byte[] bytes) {
        in = bytes;
        return this;
    }

    Shell interrupts(Interrupts value) {
        interrupts = value;
        return this;
    }

    int run(String... arguments) {
        Terminal terminal =
                new Terminal(
                        new ByteArrayInputStream(in),
                        new PrintStream(out, false, StandardCharsets.UTF_8),
                        new PrintStream(err, false, StandardCharsets.UTF_8),
                        interrupts,
                        () -> false);
        int code = CommandTree.execute(library, terminal, arguments);
        terminal.out().flush();
        terminal.err().flush();
        return code;
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
