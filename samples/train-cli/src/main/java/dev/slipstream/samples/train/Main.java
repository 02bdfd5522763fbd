package dev.slipstream.samples.train;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jline.terminal.impl.exec.ExecTerminalProvider;
import org.jline.terminal.spi.SystemStream;

/** The program {@code train.jar}. */
public final class Main {
    private Main() {}

    /**
     * Runs one command and ends the process with its exit code: 0 for success, 1 for a failure, 2
     * for wrong arguments.
     *
     * @param arguments the command and its options
     */
    public static void main(String[] arguments) {
        // PyTorch's libraries are in the jar: nothing may be fetched.
        System.setProperty("ai.djl.offline", "true");
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        boolean bars = new ExecTerminalProvider().isSystemStream(SystemStream.Error);
        System.exit(CommandTree.execute(out, err, bars, arguments));
    }
}
