package dev.slipstream.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model's own files name other files; none of them leads out of its directory. */
class DirectoryFilesTest {
    @ParameterizedTest
    @ValueSource(strings = {"../secret", "a/../../secret", "./../secret"})
    void refusesNamesThatLeadOut(String name, @TempDir Path root) throws IOException {
        Path directory = Files.createDirectory(root.resolve("model"));
        Files.writeString(root.resolve("secret"), "x");
        ModelFiles files = ModelFiles.of(directory);
        assertThatThrownBy(() -> files.text(name))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(directory.toString())
                .hasMessageContaining(name);
        assertThatThrownBy(() -> files.contains(root.resolve("secret").toString()))
                .isInstanceOf(CheckpointException.class);
    }

    @Test
    void readsSubdirectories(@TempDir Path directory) throws IOException {
        Files.createDirectory(directory.resolve("onnx"));
        Files.writeString(directory.resolve("onnx/model.onnx"), "x");
        assertThat(ModelFiles.of(directory).contains("onnx/model.onnx")).isTrue();
        assertThat(ModelFiles.of(directory).text("onnx/../onnx/model.onnx")).isEqualTo("x");
    }
}
