package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sentence encoders from the command line: made smaller, looked at, judged. */
class EncoderCommandsTest {
    private static final List<String> SENTENCES =
            List.of("a girl", "the man is styling her hair", "the dog", "a man play the guitar");

    @TempDir Path directory;

    private final Shell shell = new Shell(Library.slipstream());
    private String model = "";
    private String out = "";
    private String sentences = "";
    private String sts = "";
    private Path json = Path.of("");

    @BeforeEach
    void write() throws IOException {
        model = TinyEncoder.write(directory, "tiny", 2, 5).toString();
        out = directory.resolve("out").toString();
        json = directory.resolve("report.json");
        sentences = file("sentences.txt", String.join("\n\n", SENTENCES) + "\n");
        StringBuilder pairs = new StringBuilder();
        for (int i = 0; i < SENTENCES.size(); i++) {
            for (int j = i + 1; j < SENTENCES.size(); j++) {
                pairs.append("g\tf\t2012\t0\t%d\t".formatted((i + 2 * j) % 5))
                        .append(SENTENCES.get(i))
                        .append('\t')
                        .append(SENTENCES.get(j))
                        .append('\n');
            }
        }
        sts = file("sts.tsv", pairs.toString());
    }

    private String file(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.writeString(file, text);
        return file.toString();
    }

    private int run(String command, String... arguments) {
        List<String> all = new ArrayList<>(List.of(command, "-m"));
        Stream.of(arguments).flatMap(part -> Stream.of(part.split(" "))).forEach(all::add);
        return shell.run(all.toArray(String[]::new));
    }

    private void accelerate(String arguments) {
        int code = run("accelerate", model, "--text " + sentences, "--out " + out, arguments);
        assertThat(code).as(shell.err()).isZero();
    }

    private JsonObject report() throws IOException {
        return JsonParser.parseString(Files.readString(json)).getAsJsonObject();
    }

    @Test
    void whatIsAcceleratedIsInspectedAndJudged() throws IOException {
        accelerate("--pass finercut:count=1 --sequences 4 --pooling cls");
        assertThat(shell.out()).contains("(ANGULAR)", "written  " + out);

        assertThat(run("inspect", out, "--json " + json)).as(shell.err()).isZero();
        assertThat(shell.out())
                .containsPattern("runs +yes, as a sentence encoder")
                .containsPattern("pooling +cls");
        JsonObject inspected = report();
        assertThat(inspected.getAsJsonArray("subLayers")).hasSize(3);
        assertThat(inspected.getAsJsonObject("encodes").get("dimensions").getAsInt()).isEqualTo(8);
        assertThat(inspected.has("runs")).isFalse();

        int code =
                run(
                        "evaluate",
                        out,
                        "--against " + model,
                        "--pooling cls --rounds 2 --sts " + sts,
                        "--json " + json);
        assertThat(code).as(shell.err()).isZero();
        assertThat(shell.out()).contains("Spearman", "cosine to the original", "sentences/s");
        JsonObject report = report();
        JsonObject original = report.getAsJsonObject("original");
        JsonObject candidate = report.getAsJsonObject("candidate");
        assertThat(report.get("pairs").getAsInt()).isEqualTo(6);
        assertThat(report.get("threads").getAsInt()).isEqualTo(1);
        assertThat(report.get("cosine").getAsDouble()).isBetween(-1.0, 0.9999);
        assertThat(report.get("spearmanLost").getAsDouble())
                .isEqualTo(
                        original.get("spearman").getAsDouble()
                                - candidate.get("spearman").getAsDouble());
        assertThat(candidate.get("storedBytes").getAsLong())
                .isLessThan(original.get("storedBytes").getAsLong());
        assertThat(report.getAsJsonObject("ratio").get("least").getAsDouble()).isPositive();

        assertThat(run("accelerate", out, "--pass finercut:count=1 --out " + directory + "/2"))
                .isEqualTo(1);
        assertThat(shell.err()).contains("begin with the original model");
    }

    @Test
    void aPassIsJudgedWithoutADirectory() throws IOException {
        String pass = "remove:sub-layers=(feed-forward.1)";
        int code = run("evaluate", model, "--pass " + pass, "--sts " + sts, "--json " + json);
        assertThat(code).as(shell.err()).isZero();
        JsonObject direct = report();
        accelerate("--sequences 4 --pass " + pass);
        code = run("evaluate", out, "--against " + model, "--sts " + sts, "--json " + json);
        assertThat(code).as(shell.err()).isZero();
        assertThat(report().get("cosine")).isEqualTo(direct.get("cosine"));
        assertThat(report().get("spearmanLost")).isEqualTo(direct.get("spearmanLost"));
        assertThat(run("inspect", model, "--pass " + pass, "--json " + json)).isZero();
        assertThat(report().getAsJsonArray("subLayers")).hasSize(3);
    }

    @Test
    void anEncoderWithoutTokenizerIsShown() throws IOException {
        Files.delete(directory.resolve("tiny-tokenizer.json"));
        assertThat(run("inspect", model)).as(shell.err()).isZero();
        assertThat(shell.out())
                .containsPattern("runs +no: .*expected tokenizer.json or tiny-tokenizer.json")
                .contains("feed-forward");
    }

    @Test
    void ctrlCEndsAnEvaluation() {
        shell.interrupts(
                action -> {
                    action.run();
                    return () -> {};
                });
        int code = run("evaluate", model, "--pass remove:sub-layers=(feed-forward.1) --sts", sts);
        assertThat(code).isEqualTo(130);
        assertThat(shell.err()).contains("ended by Ctrl-C");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "MODEL --sts STS|--against: expected another model, or a plan",
                "MODEL --against MODEL --sts STS|--against: expected another model, or a plan",
                "MODEL --pass finercut|--sts: expected pairs of sentences",
                "MODEL --pass finercut --sts STS --text STS|--text: expected none for the sentence",
                "MODEL --pass finercut --sts STS --rounds 0|--rounds: expected 1 or more",
                "stories260k --weights int4 --against-weights fp32 --sts STS|--sts: expected it for a sen",
                "stories260k --weights int4 --against-weights fp32|--text: expected the text",
                "stories260k --pooling cls|--pooling: expected it for a sentence encoder only",
            })
    void refusesWhatIsForTheOtherKind(String arguments, String message) {
        String all = arguments.replace("MODEL", model).replace("STS", sts);
        assertThat(run("evaluate", all)).isEqualTo(2);
        assertThat(shell.err()).startsWith("slipstream evaluate: " + message);
    }

    @ParameterizedTest
    @CsvSource({
        "--pass finercut --sequences 5, 'expected at least 5 sentences, one a line, found 4'",
        "--gate ffn-skip --sequences 4, expected a plan without gates",
    })
    void refusesWhatAnEncoderCannotBe(String arguments, String message) {
        int code = run("accelerate", model, "--text " + sentences, "--out " + out, arguments);
        assertThat(code).isEqualTo(1);
        assertThat(shell.err()).contains(message);
        assertThat(Path.of(out)).doesNotExist();
    }
}
