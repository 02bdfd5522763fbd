package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.store.DirectoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The two commands that judge changed models, on a real one. */
class FrontierCommandTest {
    private static final String MODEL = "stories260k";
    private static final String STORY =
            "Once upon a time, there was a little girl named Lily. She loved to play outside in"
                    + " the park. One day, she saw a big red ball. ";

    @TempDir Path directory;

    private final Shell shell = new Shell(Library.slipstream());
    private Path text = Path.of("");
    private Path json = Path.of("");
    private Path page = Path.of("");

    @AfterEach
    void forgetTheCache() {
        System.clearProperty(DirectoryStore.PROPERTY);
    }

    @BeforeEach
    void write() throws IOException {
        System.setProperty(DirectoryStore.PROPERTY, directory.resolve("cache").toString());
        text = directory.resolve("text.txt");
        json = directory.resolve("report.json");
        page = directory.resolve("report.html");
        Files.writeString(text, STORY.repeat(12));
    }

    @Test
    void evaluatesAPrecisionAgainstAnother() throws IOException {
        int code =
                run(
                        "evaluate",
                        "--weights int4 --against-weights fp32 --limit-tokens 200 --window 64");

        assertThat(code).as(shell.err()).isZero();
        JsonObject report = report();
        assertThat(report.get("tokens").getAsInt()).isEqualTo(200);
        assertThat(report.get("threads").getAsInt()).isEqualTo(1);
        assertThat(report.get("natsLost").getAsDouble())
                .isEqualTo(
                        report.getAsJsonObject("candidate").get("natsPerToken").getAsDouble()
                                - report.getAsJsonObject("original")
                                        .get("natsPerToken")
                                        .getAsDouble());
        assertThat(report.get("divergence").getAsDouble()).isPositive();
        assertThat(report.getAsJsonObject("ratio").get("median").getAsDouble()).isPositive();
        assertThat(report.getAsJsonObject("candidate").get("storedBytes").getAsLong())
                .isLessThan(report.getAsJsonObject("original").get("storedBytes").getAsLong());
        assertThat(shell.out()).contains("same likeliest token", "stories260k, int4", "tokens/s");
    }

    @Test
    void sweepsAndWritesAPage() throws IOException {
        int code =
                run(
                        "frontier",
                        "--weights fp32 --methods low-rank --points 2 --limit-tokens 150 --window 64 --out "
                                + page);

        assertThat(code).as(shell.err()).isZero();
        JsonObject report = report();
        assertThat(report.get("state").getAsString()).isEqualTo("DONE");
        List<String> plans = new ArrayList<>();
        for (JsonElement point : report.getAsJsonArray("points")) {
            plans.add(point.getAsJsonObject().get("plan").getAsString());
            assertThat(point.getAsJsonObject().has("failure")).isFalse();
            assertThat(Files.readString(page)).contains(plans.get(plans.size() - 1));
        }
        assertThat(plans).hasSize(2).allMatch(plan -> plan.startsWith("low-rank:"));
        JsonObject setting = report.getAsJsonObject("setting");
        assertThat(setting.get("split").getAsBoolean()).isTrue();
        assertThat(setting.get("textTokens").getAsInt()).isEqualTo(150);
        assertThat(setting.get("calibrationSequences").getAsInt()).isEqualTo(8);
        assertThat(shell.err().lines().filter(line -> line.contains("/2 low-rank"))).hasSize(2);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).hasSize(3);
        }
    }

    @Test
    void evaluatesAPassAgainstTheModelWithoutIt() throws IOException {
        int code =
                run(
                        "evaluate",
                        "--weights fp32 --pass low-rank:parameters=0.5,inputs=ignored --limit-tokens"
                                + " 100 --window 64");

        assertThat(code).as(shell.err()).isZero();
        assertThat(report().get("model").getAsString()).contains("low-rank");
        assertThat(report().get("divergence").getAsDouble()).isPositive();
    }

    @Test
    void evaluatesALevelOfAModelWithGates() throws IOException {
        String gated = "--weights fp32 --gate switch:sub-layers=feed-forward.2";

        assertThat(run("evaluate", gated + " --limit-tokens 100 --window 64")).isZero();
        assertThat(report().get("divergence").getAsDouble()).isLessThan(1e-6);
        int code = run("evaluate", gated + " --effort fast --limit-tokens 100 --window 64");

        assertThat(code).as(shell.err()).isZero();
        assertThat(report().get("divergence").getAsDouble()).isGreaterThan(1e-3);
        assertThat(report().get("model").getAsString()).endsWith(", effort fast");
    }

    @Test
    void notesWhatAPassRefuses() throws IOException {
        int code =
                run(
                        "frontier",
                        "--setting low-rank:parameters=0.5,dense=900 --limit-tokens 50 --window 32 --out "
                                + page);

        assertThat(code).as(shell.err()).isZero();
        JsonObject point = report().getAsJsonArray("points").get(0).getAsJsonObject();
        assertThat(point.get("failure").getAsString()).isNotBlank();
        assertThat(shell.out()).contains("Nothing was faster", "1 failed");
    }

    @Test
    void saysHowMuchTextItNeeds() throws IOException {
        Files.writeString(text, "Once upon a time.");

        assertThat(run("frontier", "--methods low-rank --out " + page)).isEqualTo(1);
        assertThat(shell.err())
                .contains("--text: expected 72 tokens or more", "--calibration-text");
    }

    @Test
    void keepsWhatThereIsOnCtrlC() throws IOException {
        shell.interrupts(
                action -> {
                    action.run();
                    return () -> {};
                });

        int code = run("frontier", "--methods low-rank --out " + page);

        assertThat(code).isEqualTo(130);
        assertThat(report().get("state").getAsString()).isEqualTo("INTERRUPTED");
        assertThat(Files.readString(page)).contains("INTERRUPTED");
    }

    @ParameterizedTest
    @CsvSource({
        "frontier, --methods pruning --out p.html, pruning",
        "frontier, --setting low-rank:rank=3 --out p.html, rank",
        "frontier, --points 0 --out p.html, points",
        "frontier, --limit-minutes 0 --out p.html, --limit-minutes",
        "frontier, '', --out",
        "frontier, --pass low-rank --out p.html, --pass",
        "evaluate, '', --against",
        "evaluate, --effort fast, --effort",
        "evaluate, --effort fast --ms-per-token 3, --ms-per-token",
        "evaluate, --against-weights fp32 --max-tokens 1, --max-tokens",
    })
    void refusesWhatCannotBe(String command, String arguments, String named) {
        assertThat(run(command, arguments)).isEqualTo(2);
        assertThat(shell.err().lines()).hasSize(1);
        assertThat(shell.err()).contains(named);
    }

    private int run(String command, String arguments) {
        List<String> all =
                new ArrayList<>(
                        List.of(
                                command,
                                "--model",
                                MODEL,
                                "--text",
                                text.toString(),
                                "--rounds",
                                "1",
                                "--limit-prompts",
                                "1"));
        if (!arguments.contains("--max-tokens")) {
            all.addAll(List.of("--max-tokens", "4"));
        }
        if (!arguments.contains("p.html")) {
            all.addAll(List.of("--json", json.toString()));
        }
        Stream.of(arguments.split(" ")).filter(word -> !word.isEmpty()).forEach(all::add);
        return shell.run(all.toArray(String[]::new));
    }

    private JsonObject report() throws IOException {
        return JsonParser.parseString(Files.readString(json)).getAsJsonObject();
    }
}
