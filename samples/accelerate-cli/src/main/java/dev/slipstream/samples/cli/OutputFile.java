package dev.slipstream.samples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that a command will write. */
final class OutputFile {
    private OutputFile() {}

    /** Fails before the work that a file which cannot be written would waste. */
    static void check(String option, Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null || !Files.isDirectory(directory) || Files.isDirectory(file)) {
            throw new IOException(
                    option + ": expected a file in an existing directory, found " + file);
        }
    }
}
