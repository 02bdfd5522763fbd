package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Passes from the command line to a directory that the other commands open. */
class AccelerateCommandTest {
    private static final String MODEL = "stories260k";
    private static final String CACHE = "slipstream.cache";

    @TempDir Path directory;

    private final Shell shell = new Shell(Library.slipstream());
    private Path out = Path.of("");

    @BeforeEach
    void places() {
        out = directory.resolve("out");
        System.setProperty(CACHE, directory.resolve("cache").toString());
    }

    @AfterEach
    void forgetCache() {
        System.clearProperty(CACHE);
    }

    private int accelerate(String... arguments) {
        return shell.run(
                Stream.concat(
                                Stream.of("accelerate", "-m", MODEL, "-o", out.toString()),
                                Stream.of(arguments))
                        .toArray(String[]::new));
    }

    private String story(String... arguments) {
        Shell teller = new Shell(Library.slipstream());
        int code =
                teller.run(
                        Stream.concat(
                                        Stream.of("generate", "-n", "30", "-t", "0"),
                                        Stream.of(arguments))
                                .toArray(String[]::new));
        assertThat(code).as(teller.err()).isZero();
        return teller.out();
    }

    @ParameterizedTest
    @CsvSource({"fp32", "int8"})
    void theDirectoryTellsTheStoryOfTheModelWithThePass(String weights) {
        String pass = "remove:sub-layers=(feed-forward.2)";
        int code = accelerate("--pass", pass, "--weights", weights);

        assertThat(code).as(shell.err()).isZero();
        assertThat(shell.out())
                .contains("remove:sub-layers=", "before", "after", "written  " + out)
                .contains(weights + " ");
        String accelerated = story("-m", out.toString());
        assertThat(accelerated)
                .isEqualTo(story("-m", MODEL, "--pass", pass, "--weights", weights))
                .isNotEqualTo(story("-m", MODEL, "--weights", weights));
        assertThat(directory.resolve("cache/passes")).isNotEmptyDirectory();
    }

    @Test
    void aPlanWithTextIsRepeatedFromItsDirectory() throws IOException {
        Path text = directory.resolve("text.txt");
        Files.writeString(text, "Once upon a time there was a cat. It sat on a mat. ".repeat(30));
        int code =
                accelerate(
                        "--pass",
                        "finercut:count=1",
                        "--text",
                        text.toString(),
                        "--sequences",
                        "2",
                        "--length",
                        "24");
        assertThat(code).as(shell.err()).isZero();
        String plan = Files.readString(out.resolve("plan.yml"));
        assertThat(plan).contains("finercut", "quantise", "sequences: 2", "length: 24", "sha256");

        Path first = out;
        out = directory.resolve("again");
        assertThat(accelerate("--plan", first.resolve("plan.yml").toString())).isZero();
        assertThat(out.resolve("plan.yml")).hasSameTextualContentAs(first.resolve("plan.yml"));
        assertThat(out.resolve("model.onnx")).hasSameBinaryContentAs(first.resolve("model.onnx"));

        Files.writeString(text, "Another text.");
        out = directory.resolve("third");
        assertThat(accelerate("--plan", first.resolve("plan.yml").toString())).isEqualTo(1);
        assertThat(shell.err()).contains("expected the text of SHA-256");
        assertThat(out).doesNotExist();
    }

    @Test
    void filesThatAreThereAreReplacedOnlyByForce() {
        assertThat(accelerate("--pass", "remove:sub-layers=(feed-forward.2)")).isZero();
        assertThat(accelerate("--pass", "remove:sub-layers=(feed-forward.1)")).isEqualTo(1);
        assertThat(shell.err()).contains(out + ": expected an empty directory or nothing");
        assertThat(out.resolve("plan.yml")).content().contains("feed-forward.2");
        assertThat(accelerate("--pass", "remove:sub-layers=(feed-forward.1)", "--force")).isZero();
        assertThat(out.resolve("plan.yml")).content().contains("feed-forward.1");
    }

    /** Tied weights are stored once, and gates hide their matrices in branches. */
    @Test
    void theBytesOfEachPrecisionAddUp() {
        assertThat(accelerate("--gate", "switch:sub-layers=feed-forward.2")).isZero();
        for (String line : shell.out().lines().toList()) {
            if (!line.startsWith("before ") && !line.startsWith("after ")) {
                continue;
            }
            String[] sides = line.replace(",", "").split(" bytes: ");
            long sum = 0;
            for (Matcher part = Pattern.compile("[a-z0-9]+ (\\d+)").matcher(sides[1]);
                    part.find(); ) {
                sum += Long.parseLong(part.group(1));
            }
            assertThat(sides[0]).as(line).endsWith(" " + sum);
        }
        assertThat(shell.out()).contains("before ", "after ", "int8 ").doesNotContain("uint8");
    }

    @Test
    void aModelIsNotReplacedByWhatIsMadeOfIt() {
        assertThat(accelerate("--pass", "remove:sub-layers=(feed-forward.2)")).isZero();
        assertThat(
                        shell.run(
                                "accelerate",
                                "--model",
                                out.toString(),
                                "--gate",
                                "switch:sub-layers=feed-forward.1",
                                "--force",
                                "--out",
                                out.toString()))
                .isEqualTo(1);
        assertThat(shell.err()).contains("expected another directory than the model's own");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "|--plan: expected it, --pass or --gate, found none",
                "--pass nope|--pass: expected one of the passes [",
                "--gate nope|--gate: expected one of the passes [",
                "--pass quantise:bits=2|--pass: pass quantise: expected one of the parameters [",
                "--plan /no/plan.yml|--plan: /no/plan.yml: expected a plan, found no file",
                "--plan /no/plan.yml --pass quantise|--pass: expected none beside the plan",
                "--text a.txt|--calibration-text: expected passes, gates or a plan beside it",
                "--pass quantise --text a.txt --length 1|--calibration-length: expected 3 or more",
                "--pass quantise --sequences 4|--calibration-sequences: expected a calibration text",
            })
    void wrongArgumentsAreNamed(String arguments, String message) {
        int code = accelerate(arguments == null ? new String[0] : arguments.split(" "));
        assertThat(code).isEqualTo(2);
        assertThat(shell.err()).startsWith("slipstream accelerate: " + message);
        assertThat(out).doesNotExist();
    }

    @Test
    void listsPassesWithTheirKnobs() throws IOException {
        Path json = directory.resolve("passes.json");
        assertThat(shell.run("passes", "--json", json.toString())).isZero();
        assertThat(shell.out())
                .contains("finercut: ", "quantise: ", "  weights")
                .containsPattern("remove +.* if left out")
                .doesNotContain("a text", "E-", "2147483647");
        JsonArray passes =
                JsonParser.parseString(Files.readString(json))
                        .getAsJsonObject()
                        .getAsJsonArray("passes");
        assertThat(passes)
                .map(JsonElement::getAsJsonObject)
                .anySatisfy(
                        pass -> {
                            assertThat(pass.get("name").getAsString()).isEqualTo("finercut");
                            assertThat(pass.getAsJsonArray("knobs")).isNotEmpty();
                        });
    }
}
