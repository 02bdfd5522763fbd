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

/** The command on the smallest embedded model. */
class ThreadsCommandTest {
    private final Shell shell = new Shell(Library.slipstream());

    @TempDir private Path directory;

    @Test
    void measuresEveryKindOfWaitsAloneAndBesideABusyProcess() throws IOException {
        Path json = directory.resolve("report.json");

        int code = run("--threads=2", "--max-tokens=4", "--rounds=1", "--json=" + json);

        assertThat(code).as(shell.err()).isZero();
        assertThat(shell.out())
                .contains("beside 0 busy processes", "beside 1 busy process")
                .contains("1 thread ", "2 threads, off", "2 threads, brief", "2 threads, on");
        JsonObject report = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        JsonArray neighbours = report.getAsJsonArray("neighbours");
        assertThat(neighbours).hasSize(2);
        JsonArray alone = neighbours.get(0).getAsJsonObject().getAsJsonArray("rates");
        JsonArray beside = neighbours.get(1).getAsJsonObject().getAsJsonArray("rates");
        assertThat(alone).hasSize(4);
        assertThat(number(alone, "kept")).isEqualTo(1);
        assertThat(number(beside, "kept"))
                .isEqualTo(number(beside, "tokensPerSecond") / number(alone, "tokensPerSecond"));
    }

    @Test
    void refusesWhatItCannotMeasure() {
        assertThat(run("--threads=1")).isEqualTo(2);
        assertThat(shell.err()).contains("--threads: expected 2 or more");
        assertThat(run("--spinning=on")).isEqualTo(2);
        assertThat(shell.err()).contains("--spinning: expected none");
        assertThat(run("--neighbours=-1")).isEqualTo(2);
        assertThat(shell.err()).contains("--neighbours: expected 0 or more, found -1");
        assertThat(run("--max-tokens=600")).isEqualTo(2);
        assertThat(shell.err()).contains("expected at most the context length of 512");
    }

    private static double number(JsonArray rates, String field) {
        return rates.get(1).getAsJsonObject().get(field).getAsDouble();
    }

    private int run(String... arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "threads";
        all[1] = "--model=stories260k";
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        return shell.run(all);
    }
}
