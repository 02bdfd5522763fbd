package dev.slipstream.samples.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that writes what a command found for other programs. */
final class JsonFile {
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the same facts as JSON to this file.")
    private @Nullable Path file;

    /** Fails before the work that a file which cannot be written would waste. */
    void check() throws IOException {
        if (file != null) {
            OutputFile.check("--json", file);
        }
    }

    /** Writes a report, if a file was named. */
    void write(Record report) throws IOException {
        if (file != null) {
            Files.writeString(file, GSON.toJson(report) + "\n", StandardCharsets.UTF_8);
        }
    }
}
