package dev.slipstream.samples.cli;

import dev.slipstream.pass.TextFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the prompt comes from: the command line, a file, or standard input. */
final class PromptOptions {
    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            description = "What the model continues. Default: nothing but its begin token.")
    private @Nullable String prompt;

    @Option(
            names = {"-f", "--prompt-file"},
            paramLabel = "FILE",
            description =
                    "Read the prompt from a UTF-8 file, '-' for standard input; one line end at"
                            + " its end is left off.")
    private @Nullable String file;

    String read(InputStream standardInput) throws IOException {
        if (file == null) {
            return prompt == null ? "" : prompt;
        }
        String text =
                file.equals("-")
                        ? TextFile.read("standard input", standardInput)
                        : TextFile.read(Path.of(file));
        return text.replaceFirst("\\R\\z", "");
    }
}
