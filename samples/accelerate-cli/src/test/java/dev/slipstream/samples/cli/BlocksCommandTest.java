package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlocksCommandTest {
    private static final String MODEL = "storyteller-7m-diffusion";

    @TempDir Path directory;

    private final Shell shell = new Shell(Library.slipstream());

    @Test
    void countsRunsAndJudgesTexts() throws IOException {
        Path questions = directory.resolve("questions.jsonl");
        Files.writeString(
                questions,
                """
                {"category": "empty", "prompt": "There was", "answer": ""}
                {"category": "impossible", "prompt": "There was", "answer": "\\u0001\\u0002"}
                """);
        Path json = directory.resolve("report.json");

        int code =
                shell.run(
                        "blocks",
                        "--model",
                        MODEL,
                        "--judge",
                        "storyteller-7m",
                        "--limit-prompts",
                        "2",
                        "--rounds",
                        "1",
                        "-n",
                        "17",
                        "--way",
                        "unmasking=static",
                        "--way",
                        "unmasking=confidence:0 size=8",
                        "--way",
                        "verification=policy=always",
                        "--questions",
                        questions.toString(),
                        "--json",
                        json.toString());

        assertThat(shell.err()).isEmpty();
        assertThat(code).isZero();
        JsonObject report = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        JsonArray rows = report.getAsJsonArray("rows");
        assertThat(rows).hasSize(4);
        assertThat(number(rows, 0, "tokensPerRun")).isEqualTo(1);
        assertThat(number(rows, 0, "denoisingRuns")).isZero();
        // A prediction a run; the run that stores a block gives the next one's first token.
        assertThat(number(rows, 1, "tokensPerRun")).isEqualTo(1);
        // All predictions of a block at once: two runs for eight tokens.
        assertThat(number(rows, 2, "tokensPerRun")).isGreaterThan(2);
        assertThat(number(rows, 3, "verificationRuns")).isPositive();
        for (int row = 0; row < 4; row++) {
            assertThat(number(rows, row, "judgedNats")).isBetween(0.1, 12.0);
            JsonArray right = rows.get(row).getAsJsonObject().getAsJsonArray("right");
            assertThat(right.get(0).getAsDouble()).isEqualTo(1);
            assertThat(right.get(1).getAsDouble()).isZero();
        }
        assertThat(shell.out()).contains("token by token", "unmasking=static", "right: empty");
    }

    @ParameterizedTest
    @CsvSource({
        "unmask=static, 'expected settings as name=value'",
        "size=8 size=9, 'expected size once, found it twice'",
        "unmasking=wild, unmasking:",
        "size, 'found ''size'''"
    })
    void refusesWaysThatMakeNoSense(String way, String message) {
        assertThat(shell.run("blocks", "--model", MODEL, "--way", way)).isEqualTo(2);
        assertThat(shell.err()).contains("--way: ", message);
    }

    @Test
    void refusesModelsThatWereNotTaught() {
        assertThat(shell.run("blocks", "--model", "stories260k")).isEqualTo(1);
        assertThat(shell.err()).contains("expected a model that was taught to write blocks");
    }

    private static double number(JsonArray rows, int row, String field) {
        return rows.get(row).getAsJsonObject().get(field).getAsDouble();
    }
}
