package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command makes of wrong words. */
class RandomModelCommandTest {
    @TempDir private Path directory;

    @Test
    void refusesUnknownShapesAndDirectoriesWithFiles() throws IOException {
        Shell shell = new Shell(Library.slipstream());
        Files.writeString(directory.resolve("mine.txt"), "kept");
        String out = directory.toString();
        assertThat(shell.run("random-model", "--shape", "gpt-5", "--out", out)).isEqualTo(2);
        assertThat(shell.err()).contains("smollm2-135m, llama-3.2-1b", "gpt-5");
        assertThat(shell.run("random-model", "--shape", "smollm2-135m", "--out", out)).isEqualTo(1);
        assertThat(shell.err()).contains("--out: expected a new or an empty directory");
        assertThat(directory).isDirectoryContaining("glob:**mine.txt");
    }
}
