package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandTreeTest {
    private final Shell shell =
            new Shell(Libraries.scripted((location, options) -> new ScriptedGenerator()));

    @Test
    void printsItsVersions() {
        assertThat(shell.run("--version")).isZero();
        assertThat(shell.out())
                .containsPattern("slipstream \\d+\\.\\d+\\.\\d+")
                .containsPattern("ONNX Runtime 1\\.\\d+\\.\\d+")
                .contains("Java " + Runtime.version());
    }

    @Test
    void explainsItselfAndEveryCommand() {
        assertThat(shell.run("--help")).isZero();
        assertThat(shell.out()).contains("generate", "models", "Exit codes:");
        assertThat(shell.run("generate", "--help")).isZero();
        assertThat(shell.out()).contains("--max-tokens", "--stop", "--json", "Example:");
    }

    @Test
    void needsACommand() {
        assertThat(shell.run()).isEqualTo(2);
        assertThat(shell.err().lines()).hasSize(1);
        assertThat(shell.err()).contains("generate");
    }

    @Test
    void refusesAnUnknownCommand() {
        assertThat(shell.run("compose")).isEqualTo(2);
        assertThat(shell.err()).contains("compose");
    }

    @Test
    void listsTheEmbeddedModels(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("models.json");

        assertThat(shell.run("models", "--json", file.toString())).isZero();

        assertThat(shell.out().lines()).containsExactly("tale  (default)", "poem");
        JsonArray models =
                JsonParser.parseString(Files.readString(file))
                        .getAsJsonObject()
                        .getAsJsonArray("models");
        assertThat(models).hasSize(2);
        assertThat(models.get(1).getAsJsonObject().get("name").getAsString()).isEqualTo("poem");
    }
}
