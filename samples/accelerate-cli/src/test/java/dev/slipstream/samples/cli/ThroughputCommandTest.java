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
class ThroughputCommandTest {
    private final Shell shell = new Shell(Library.slipstream());

    @TempDir private Path directory;

    @Test
    void measuresAllThree() throws IOException {
        Path json = directory.resolve("report.json");
        int code =
                run(
                        "--streams=1,3",
                        "--prompt-tokens=8",
                        "--max-tokens=6",
                        "--long-prompt=500",
                        "--shared-prefix=200",
                        "--rounds=2",
                        "--json=" + json);
        assertThat(code).as(shell.err()).isZero();
        assertThat(shell.out()).contains("streams  tokens/s", "a step of it", "found again");
        JsonObject report = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        JsonArray streams = report.getAsJsonArray("streams");
        assertThat(streams).hasSize(2);
        assertThat(streams.get(0).getAsJsonObject().get("ratio").getAsDouble()).isEqualTo(1);
        assertThat(streams.get(1).getAsJsonObject().get("streams").getAsInt()).isEqualTo(3);
        assertThat(streams.get(1).getAsJsonObject().get("tokensPerSecond").getAsDouble())
                .isPositive();
        JsonObject waits = report.getAsJsonObject("longPrompt");
        assertThat(waits.get("p95Seconds").getAsDouble())
                .isGreaterThanOrEqualTo(waits.get("medianSeconds").getAsDouble());
        JsonObject savings = report.getAsJsonObject("sharedPrefix");
        assertThat(savings.get("cachedTokens").getAsInt()).isBetween(100, 200);
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThat(run("--long-prompt=600")).isEqualTo(2);
        assertThat(shell.err()).contains("--long-prompt: expected at most the context length");
        assertThat(run("--max-tokens=1")).isEqualTo(2);
        assertThat(shell.err()).contains("--max-tokens: expected 2 or more, found 1");
    }

    private int run(String... arguments) {
        String[] all = new String[arguments.length + 3];
        all[0] = "throughput";
        all[1] = "--model=stories260k";
        all[2] = "--threads=1";
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        return shell.run(all);
    }
}
