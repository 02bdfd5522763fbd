package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.zoo.DrafterKind;
import dev.slipstream.zoo.LoadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchCommandTest {
    @TempDir Path directory;

    private final Map<DrafterKind, ScriptedGenerator> generators = new TreeMap<>();
    private final List<LoadOptions> opened = new ArrayList<>();
    private final List<String> turns = new ArrayList<>();
    private final Shell shell =
            new Shell(
                    Libraries.scripted(
                            (location, options) -> {
                                opened.add(options);
                                return generators.get(options.drafting().drafter());
                            }));
    private Path prompts = Path.of("");
    private Path json = Path.of("");

    @BeforeEach
    void script() throws IOException {
        prompts = Files.writeString(directory.resolve("p.lines"), "one\ntwo\n");
        json = directory.resolve("report.json");
        for (DrafterKind kind : DrafterKind.values()) {
            ScriptedGenerator generator = new ScriptedGenerator("same ", "text");
            generator.beforePiece =
                    n -> {
                        if (n == 0) {
                            turns.add(kind.label() + " " + generator.asked.text());
                        }
                    };
            generators.put(kind, generator);
        }
    }

    @Test
    void takesTurnsAndChangesWhoIsFirst() {
        int code = run("--drafter", "slice,prompt-lookup", "--rounds", "2", "--warm-up", "1");

        assertThat(code).as(shell.err()).isZero();
        assertThat(turns)
                .containsSubsequence(
                        "none one",
                        "slice one",
                        "prompt-lookup one",
                        // Round 1 after the warm-up.
                        "none one",
                        "slice one",
                        "none one",
                        "prompt-lookup one",
                        "none two",
                        "slice two",
                        "none two",
                        "prompt-lookup two",
                        // Round 2.
                        "slice one",
                        "none one",
                        "prompt-lookup one",
                        "none one",
                        "slice two",
                        "none two",
                        "prompt-lookup two",
                        "none two");
        assertThat(opened)
                .extracting(options -> options.drafting().drafter())
                .containsExactly(DrafterKind.NONE, DrafterKind.SLICE, DrafterKind.PROMPT_LOOKUP);
        assertThat(generators.get(DrafterKind.NONE).closed).isEqualTo(1);
        assertThat(generators.get(DrafterKind.SLICE).closed).isEqualTo(1);
    }

    @Test
    void tellsWhoseTextsDiffer() throws IOException {
        generators.put(DrafterKind.SLICE, new ScriptedGenerator("other ", "text"));

        int code = run("--drafter", "slice,prompt-lookup", "--json", json.toString());

        assertThat(code).isZero();
        assertThat(shell.out())
                .containsPattern("p\\.lines +slice .* no: 6 of 6 differ\n")
                .containsPattern("p\\.lines +prompt-lookup .* yes\n");
        JsonObject set = report().getAsJsonArray("sets").get(0).getAsJsonObject();
        JsonObject slice = set.getAsJsonArray("results").get(0).getAsJsonObject();
        assertThat(slice.get("drafter").getAsString()).isEqualTo("slice");
        assertThat(slice.get("differentTexts").getAsInt()).isEqualTo(6);
        assertThat(slice.get("plainTokensPerSecond").getAsDouble()).isEqualTo(1);
        assertThat(slice.getAsJsonObject("ratio").get("median").getAsDouble()).isEqualTo(1);
    }

    @Test
    void checksDrawnTextsOnlyWhereTheSeedFixesThem() {
        assertThat(run("--drafter", "slice", "--temperature", "1")).isZero();
        assertThat(generators.get(DrafterKind.SLICE).options.seed()).isNotNull();
        assertThat(shell.out()).contains(" yes\n").doesNotContain("unchecked");

        assertThat(
                        run(
                                "--drafter",
                                "slice",
                                "--temperature",
                                "1",
                                "--draft-acceptance",
                                "ratio-test"))
                .isZero();
        assertThat(shell.out()).contains(" unchecked\n");
    }

    @Test
    void isGreedyWhateverTheModelRecommends() {
        assertThat(run()).isZero();

        assertThat(generators.get(DrafterKind.PROMPT_LOOKUP).options.temperature()).isZero();
        assertThat(generators.get(DrafterKind.PROMPT_LOOKUP).options.maxTokens()).isEqualTo(64);
    }

    @Test
    void saysThatItCutPrompts() throws IOException {
        Files.writeString(prompts, "short\n" + "long".repeat(10) + "\n");

        assertThat(run("--prompt-tokens", "20")).isZero();

        assertThat(shell.out()).contains("2 prompts of 13 tokens on average, 1 of them cut");
    }

    @Test
    void cutsRunningTextAndTakesPassagesFromAllOfIt() throws IOException {
        // As many tokens as characters, and a begin token; every fourth character ends a word.
        Path text = Files.writeString(directory.resolve("t.txt"), "abc ".repeat(200));

        int code =
                shell.run(
                        ("bench --rounds 1 --limit-prompts 5 --prompt-tokens 16 --prompts " + text)
                                .split(" "));

        assertThat(code).as(shell.err()).isZero();
        assertThat(shell.out()).contains("t.txt   5 prompts of 16 tokens").doesNotContain("cut");
    }

    @Test
    void tellsOnCtrlCWhatItMeasured() throws IOException {
        List<Runnable> registered = new ArrayList<>();
        shell.interrupts(
                action -> {
                    registered.add(action);
                    return () -> {};
                });
        int[] texts = {0};
        generators.get(DrafterKind.NONE).beforePiece =
                n -> {
                    if (n == 0 && ++texts[0] == 4) {
                        registered.get(0).run();
                    }
                };

        int code = run("--rounds", "5", "--warm-up", "0", "--json", json.toString());

        assertThat(code).isEqualTo(130);
        assertThat(shell.err()).contains("ended by Ctrl-C");
        assertThat(shell.out()).contains("prompt-lookup");
        assertThat(report().get("interrupted").getAsBoolean()).isTrue();
        JsonObject set = report().getAsJsonArray("sets").get(0).getAsJsonObject();
        JsonObject result = set.getAsJsonArray("results").get(0).getAsJsonObject();
        assertThat(result.get("texts").getAsInt()).isEqualTo(3);
        assertThat(generators.get(DrafterKind.NONE).closed).isEqualTo(1);
        assertThat(generators.get(DrafterKind.PROMPT_LOOKUP).closed).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "--drafter slow, --drafter",
        "'--drafter slice,model', --draft-model",
        "--draft-length long, --draft-length",
        "--drafter none --draft-width 3, --draft-width",
        "--rounds 0, --rounds",
        "--warm-up -1, --warm-up",
        "--limit-prompts 0, --limit-prompts",
        "--prompt-tokens 0, --prompt-tokens",
        "--max-tokens 1, --max-tokens",
        "--top-p 2, --top-p",
        "--prompts builtin:none, --prompts",
    })
    void refusesWrongArgumentsBeforeAnyModelIsOpened(String arguments, String named) {
        assertThat(shell.run(("bench " + arguments).split(" "))).isEqualTo(2);

        assertThat(shell.err().lines()).hasSize(1);
        assertThat(shell.err()).startsWith("slipstream bench: " + named + ": ");
        assertThat(opened).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"--max-tokens 100, --max-tokens", "--prompt-tokens 37, --prompt-tokens"})
    void refusesWhatTheContextCannotHold(String arguments, String named) {
        assertThat(shell.run(("bench " + arguments).split(" "))).isEqualTo(2);

        assertThat(shell.err()).startsWith("slipstream bench: " + named + ": ").contains("100");
        assertThat(generators.get(DrafterKind.NONE).closed).isEqualTo(1);
    }

    private int run(String... arguments) {
        List<String> all = new ArrayList<>(List.of("bench", "--prompts", prompts.toString()));
        all.addAll(List.of(arguments));
        return shell.run(all.toArray(String[]::new));
    }

    private JsonObject report() throws IOException {
        return JsonParser.parseString(Files.readString(json)).getAsJsonObject();
    }
}
