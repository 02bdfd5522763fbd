package dev.slipstream.samples.benchmarks.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HuggingFaceDirectoryTest {
    @TempDir Path folder;

    @Test
    void aLlama2cModelComesBackAsItself() throws IOException {
        Checkpoint source = Checkpoint.read("stories260k");
        HuggingFaceDirectory.write(source, folder.resolve("a"));
        Checkpoint written = Checkpoint.read(folder.resolve("a").toString());
        assertThat(written.config())
                .usingRecursiveComparison()
                .ignoringFields("endTokens")
                .isEqualTo(source.config());
        assertThat(written.weights().names()).containsAll(source.weights().names());
        for (String name : source.weights().names()) {
            assertThat(written.weights().tensor(name).data())
                    .isEqualTo(source.weights().tensor(name).data());
        }
    }

    @Test
    void aHuggingFaceModelIsLinkedWithTheFileThatJlamaWants() throws IOException {
        HuggingFaceDirectory.write(Checkpoint.read("storyteller-7m"), folder.resolve("a"));
        HuggingFaceDirectory.write(
                Checkpoint.read(folder.resolve("a").toString()), folder.resolve("b"));
        assertThat(folder.resolve("b/README.md")).exists();
        assertThat(
                        Files.mismatch(
                                folder.resolve("a/model.safetensors"),
                                folder.resolve("b/model.safetensors")))
                .isEqualTo(-1);
        assertThat(Files.isSymbolicLink(folder.resolve("b/model.safetensors"))).isTrue();
        assertThat(Checkpoint.read(folder.resolve("b").toString()).config())
                .isEqualTo(Checkpoint.read("storyteller-7m").config());
    }
}
