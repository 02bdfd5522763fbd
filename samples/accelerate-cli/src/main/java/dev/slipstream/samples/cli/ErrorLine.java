package dev.slipstream.samples.cli;

import java.nio.file.FileSystemException;
import java.util.Locale;

/** An error in one line. */
final class ErrorLine {
    private ErrorLine() {}

    static String of(Throwable error) {
        String message = error.getMessage();
        if (message == null || message.isBlank()) {
            return error.getClass().getName();
        }
        String line = message.strip().replaceAll("\\s*\\R\\s*", "; ");
        // A bare file name, as java.nio gives it, says nothing without the kind of failure.
        boolean bare = error instanceof FileSystemException || error instanceof Error;
        return bare
                ? line + " (" + error.getClass().getSimpleName().toLowerCase(Locale.ROOT) + ")"
                : line;
    }
}
