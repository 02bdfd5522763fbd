package dev.slipstream.samples.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jline.terminal.impl.exec.ExecTerminalProvider;
import org.jline.terminal.spi.SystemStream;

/** The program {@code slipstream.jar}. */
public final class Main {
    private Main() {}

    /**
     * Runs one command and ends the process with its exit code: 0 for success, 1 for a failure, 2
     * for wrong arguments, 130 after Ctrl-C.
     *
     * @param arguments the command and its options
     */
    public static void main(String[] arguments) {
        // The models and the native code are in the jar: nothing may be fetched.
        System.setProperty("ai.djl.offline", "true");
        PrintStream out = utf8(FileDescriptor.out);
        PrintStream err = utf8(FileDescriptor.err);
        LogLines.install(err);
        Terminal terminal =
                new Terminal(System.in, out, err, new Keyboard(), Main::errorIsTerminal);
        int code = CommandTree.execute(Library.slipstream(), terminal, arguments);
        out.flush();
        err.flush();
        System.exit(code);
    }

    private static boolean errorIsTerminal() {
        return new ExecTerminalProvider().isSystemStream(SystemStream.Error);
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(
                new BufferedOutputStream(new FileOutputStream(descriptor)),
                false,
                StandardCharsets.UTF_8);
    }
}
