package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AcceptanceRule;
import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.draft.ConstantLength;
import dev.slipstream.decode.draft.DraftCache;
import dev.slipstream.decode.draft.diffuse.DiffuSpecOptions;
import dev.slipstream.runtime.Device;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.store.WarmStart;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.DrafterKind;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.PrefillOptions;
import dev.slipstream.zoo.PrefillWeights;
import dev.slipstream.zoo.SkippedLayers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerateCommandTest {
    @TempDir Path directory;

    private final ScriptedGenerator generator = new ScriptedGenerator("Es war ", "einmal ein 🐉.");
    private final List<String> opened = new ArrayList<>();
    private LoadOptions loading = LoadOptions.defaults();
    private final Library library =
            Libraries.scripted(
                    (location, options) -> {
                        opened.add(location);
                        loading = options;
                        return generator;
                    });
    private final Shell shell = new Shell(library);

    @Test
    void streamsTheTextToStandardOutputAndStatisticsToStandardError() {
        int code = shell.run("generate", "--prompt", "Märchen: ");

        assertThat(code).isZero();
        assertThat(shell.out()).isEqualTo("Es war einmal ein 🐉.");
        assertThat(shell.err())
                .contains("prompt         10 tokens")
                .contains("generated      2 tokens, 1.0 tokens/s after the first")
                .contains("first token    250.0 ms")
                .contains("finish reason  length")
                .containsPattern("load time      \\d+\\.\\d\\d s");
        assertThat(generator.asked.text()).isEqualTo("Märchen: ");
        assertThat(generator.closed).isEqualTo(1);
        assertThat(opened).containsExactly("tale");
    }

    @Test
    void flushesEachPieceBeforeTheNextIsDecoded() {
        List<String> seen = new ArrayList<>();
        generator.beforePiece = n -> seen.add(shell.out());

        shell.run("generate");

        assertThat(seen).containsExactly("", "Es war ");
    }

    @Test
    void leavesTheModelsDefaultsWhereNothingIsGiven() {
        shell.run("generate", "--model", "poem");

        assertThat(opened).containsExactly("poem");
        assertThat(generator.options).isEqualTo(generator.defaults());
        assertThat(loading)
                .isEqualTo(LoadOptions.defaults().withRequests(1, 0).withCache(CacheOptions.NONE));
    }

    @Test
    void startsWarmUnlessToldOtherwise() {
        String before = System.setProperty(WarmStart.PROPERTY, "on");
        try {
            assertThat(shell.run("generate")).isZero();
            assertThat(loading.warmStart()).isEqualTo(WarmStart.ON);
            assertThat(shell.run("generate", "--no-warm-start")).isZero();
            assertThat(loading.warmStart()).isEqualTo(WarmStart.OFF);
        } finally {
            System.setProperty(WarmStart.PROPERTY, before == null ? "off" : before);
        }
    }

    @Test
    void handsEveryKnobToTheDecoder() {
        String command =
                "generate --max-tokens 5 --temperature 0.5 --top-k 7 --top-p 0.9 --min-p 0.05"
                        + " --repetition-penalty 1.1 --presence-penalty -0.25 --frequency-penalty"
                        + " 0.75 --logit-bias 3=-100 --logit-bias 4=1.5 --seed 42 --stop END --stop"
                        + " \n\n --ignore-end --timeout 1.5 --logprobs 2 --weights int4"
                        + " --prefill-weights int8 --prefill-threshold 20"
                        + " --context-length 64 --threads 3 --spinning off --device auto";

        int code = shell.run(command.split(" "));

        assertThat(shell.err()).doesNotContain("--help");
        assertThat(code).isZero();
        assertThat(generator.options.maxTokens()).isEqualTo(5);
        assertThat(generator.options.temperature()).isEqualTo(0.5);
        assertThat(generator.options.topK()).isEqualTo(7);
        assertThat(generator.options.topP()).isEqualTo(0.9);
        assertThat(generator.options.minP()).isEqualTo(0.05);
        assertThat(generator.options.repetitionPenalty()).isEqualTo(1.1);
        assertThat(generator.options.presencePenalty()).isEqualTo(-0.25);
        assertThat(generator.options.frequencyPenalty()).isEqualTo(0.75);
        assertThat(generator.options.logitBias()).isEqualTo(Map.of(3, -100.0, 4, 1.5));
        assertThat(generator.options.seed()).isEqualTo(42);
        assertThat(generator.options.stopStrings()).containsExactly("END", "\n\n");
        assertThat(generator.options.ignoreEndOfText()).isTrue();
        assertThat(generator.options.deadline()).isEqualTo(Duration.ofMillis(1500));
        assertThat(generator.options.topLogProbabilities()).isEqualTo(2);
        assertThat(loading)
                .isEqualTo(
                        LoadOptions.defaults()
                                .withPrecision(Precision.INT4)
                                .withPrefill(new PrefillOptions(PrefillWeights.INT8, 20))
                                .withContextLength(64)
                                .withThreads(3)
                                .withSpinning(Spinning.OFF)
                                .withDevice(Device.AUTO)
                                .withRequests(1, 0)
                                .withCache(CacheOptions.NONE));
    }

    @Test
    void handsDraftingAndPrefixCacheToTheModel() {
        Path file = directory.resolve("prefixes");
        String command =
                "generate --drafter chain --draft-chain prompt-lookup,slice --draft-model small"
                        + " --draft-corpus texts --draft-min-match 3 --draft-width 128 --draft-skip"
                        + " both:2 --draft-cache own --draft-diffuspec beam=7,steps=2 --draft-length"
                        + " constant:4 --draft-acceptance ratio-test --prefix-cache 3kb --prefix-cache-file "
                        + file;

        assertThat(shell.run(command.split(" "))).as(shell.err()).isZero();

        assertThat(loading.cache()).isEqualTo(new CacheOptions(3 << 10, file));
        assertThat(loading.drafting())
                .isEqualTo(
                        new DraftOptions(
                                DrafterKind.CHAIN,
                                List.of(DrafterKind.PROMPT_LOOKUP, DrafterKind.SLICE),
                                "small",
                                "texts",
                                3,
                                128,
                                new SkippedLayers(Set.of(2), Set.of(2)),
                                DraftCache.OWN,
                                DiffuSpecOptions.parse("beam=7,steps=2"),
                                new ConstantLength(4),
                                AcceptanceRule.RATIO_TEST));
    }

    @Test
    void keepsTheUsualSizeOfPrefixes() {
        Path file = directory.resolve("prefixes");

        shell.run("generate", "--prefix-cache-file", file.toString());

        assertThat(loading.cache())
                .isEqualTo(new CacheOptions(CacheOptions.defaults().bytes(), file));
    }

    @Test
    void tellsWhatTheDrafterBroughtSinceTheFirstToken() throws IOException {
        Path file = directory.resolve("report.json");
        generator.work =
                said ->
                        said < 2
                                ? work(0, 0, 0, 10, 1000, 100)
                                : work(7, 6, 4, 10 + 30, 1000 + 60, 100 + 10);

        shell.run("generate", "--drafter", "prompt-lookup", "--json", file.toString());

        assertThat(shell.err())
                .contains("prompt         1 tokens, 5 of them cached")
                .contains("drafter        prompt-lookup")
                .contains("drafted        7 tokens, 6 accepted, 1.50 a verification")
                .contains("time           drafting 30%, verifying 60%, sampling 10%");
        JsonObject report = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        assertThat(report.get("cachedTokens").getAsInt()).isEqualTo(5);
        JsonObject drafting = report.getAsJsonObject("drafting");
        assertThat(drafting.get("drafter").getAsString()).isEqualTo("prompt-lookup");
        assertThat(drafting.get("draftedTokens").getAsInt()).isEqualTo(7);
        assertThat(drafting.get("acceptedTokens").getAsInt()).isEqualTo(6);
        assertThat(drafting.get("verifications").getAsInt()).isEqualTo(4);
        assertThat(drafting.get("acceptedPerVerification").getAsDouble()).isEqualTo(1.5);
        assertThat(drafting.getAsJsonObject("shares").get("drafting").getAsDouble()).isEqualTo(0.3);
    }

    @Test
    void takesAnEffortAndTellsWhatGatesLeftOut() throws IOException {
        Path file = directory.resolve("report.json");
        generator.work =
                said ->
                        new Statistics.Work(
                                0,
                                0,
                                0,
                                0,
                                Duration.ZERO,
                                Duration.ZERO,
                                Duration.ZERO,
                                20L * said,
                                3L * said);

        shell.run(
                "generate",
                "--effort",
                "fast",
                "--skip-threshold",
                "0.9",
                "--skip-count",
                "2",
                "--skip-warm-up",
                "8",
                "--json",
                file.toString());

        assertThat(generator.options.effort())
                .isEqualTo(new EffortRequest("fast", null, 0.9, 2, 8));
        assertThat(shell.err())
                .contains("skipped        15% of the sub-layers behind gates, 6 of 40");
        JsonObject report = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        JsonObject skipping = report.getAsJsonObject("skipping");
        assertThat(skipping.get("skippedSubLayers").getAsLong()).isEqualTo(6);
        assertThat(skipping.get("gatedSubLayers").getAsLong()).isEqualTo(40);
        assertThat(skipping.get("share").getAsDouble()).isEqualTo(0.15);
    }

    @Test
    void callsWrongEffortsByTheirFlags() {
        shell.run("generate", "--ms-per-token", "0");
        assertThat(shell.err()).contains("--ms-per-token: expected a number above 0");

        shell.run("generate", "--skip-warm-up", "-1");
        assertThat(shell.err()).contains("--skip-warm-up: expected 0 or more");
    }

    private static Statistics.Work work(
            int drafted, int accepted, int runs, long drafting, long running, long sampling) {
        return new Statistics.Work(
                5,
                drafted,
                accepted,
                runs,
                Duration.ofMillis(drafting),
                Duration.ofMillis(running),
                Duration.ofMillis(sampling));
    }

    @Test
    void tellsTheSeedItDrewSoThatATextCanBeHadAgain() {
        shell.run("generate", "--temperature", "1");

        assertThat(generator.options.seed()).isNotNull();
        assertThat(shell.err()).contains("seed           " + generator.options.seed());
    }

    @Test
    void printsLogProbabilitiesAsATable() {
        shell.run("generate", "--logprobs", "1");

        assertThat(shell.err())
                .containsPattern("id +log-prob +token +alternatives")
                .containsPattern("2 +-0\\.5000 +\"einmal ein 🐉\\.\" +\"other\" -1\\.2500");
    }

    @Test
    void rendersAChat() {
        shell.run("generate", "--chat", "--system", "Be brief.", "--prompt", "Hi");

        assertThat(generator.asked.text()).isEqualTo("SYSTEM:Be brief.|USER:Hi");
    }

    @Test
    void readsThePromptFromAFileWithoutItsLastLineEnd() throws IOException {
        Path file = Files.writeString(directory.resolve("prompt.txt"), "Zwölf\nBoxkämpfer\n\n");

        shell.run("generate", "--prompt-file", file.toString());

        assertThat(generator.asked.text()).isEqualTo("Zwölf\nBoxkämpfer\n");
    }

    @Test
    void readsThePromptFromStandardInput() {
        shell.input("你好\n".getBytes(StandardCharsets.UTF_8)).run("generate", "-f", "-");

        assertThat(generator.asked.text()).isEqualTo("你好");
    }

    @Test
    void writesTheSameFactsAsJson() throws IOException {
        Path file = directory.resolve("report.json");

        shell.run("generate", "-p", "x", "--logprobs", "1", "--json", file.toString());

        JsonObject report = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        assertThat(report.get("command").getAsString()).isEqualTo("generate");
        assertThat(report.get("model").getAsString()).isEqualTo("scripted");
        assertThat(report.get("weights").getAsString()).isEqualTo("int8");
        assertThat(report.get("text").getAsString()).isEqualTo(shell.out());
        assertThat(report.get("promptTokens").getAsInt()).isEqualTo(2);
        assertThat(report.get("generatedTokens").getAsInt()).isEqualTo(2);
        assertThat(report.get("finishReason").getAsString()).isEqualTo("length");
        assertThat(report.get("timeToFirstTokenSeconds").getAsDouble()).isEqualTo(0.25);
        assertThat(report.get("tokensPerSecond").getAsDouble()).isEqualTo(1);
        JsonObject token = report.getAsJsonArray("tokens").get(1).getAsJsonObject();
        assertThat(token.get("logProbability").getAsDouble()).isEqualTo(-0.5);
        assertThat(token.getAsJsonArray("alternatives")).hasSize(1);
    }

    @Test
    void endsCleanlyOnCtrlC() {
        List<Runnable> registered = new ArrayList<>();
        List<String> released = new ArrayList<>();
        generator.beforePiece =
                n -> {
                    if (n == 1) {
                        registered.get(0).run();
                    }
                };

        int code =
                shell.interrupts(
                                action -> {
                                    registered.add(action);
                                    return () -> released.add("released");
                                })
                        .run("generate");

        assertThat(code).isEqualTo(130);
        assertThat(shell.out()).isEqualTo("Es war ");
        assertThat(shell.err()).contains("finish reason  cancelled");
        assertThat(released).hasSize(1);
        assertThat(generator.closed).isEqualTo(1);
    }

    @Test
    void stopsWhenNobodyReadsItsOutput() {
        OutputStream broken =
                new OutputStream() {
                    @Override
                    public void write(int value) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                };
        PrintStream out = new PrintStream(broken, false, StandardCharsets.UTF_8);
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        List<Integer> decoded = new ArrayList<>();
        generator.beforePiece = decoded::add;

        int code =
                CommandTree.execute(
                        library,
                        new Terminal(
                                new ByteArrayInputStream(new byte[0]),
                                out,
                                new PrintStream(err, true, StandardCharsets.UTF_8),
                                action -> () -> {},
                                () -> false),
                        "generate");

        assertThat(code).isEqualTo(1);
        assertThat(decoded).containsExactly(0);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("standard output was closed");
        assertThat(generator.closed).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "--max-tokens x, --max-tokens",
        "--weights int3, --weights",
        "--prefill-weights int4, --prefill-weights",
        "--prefill-weights int8 --prefill-threshold 1, --prefill-threshold",
        "--prefill-threshold 8, --prefill-threshold",
        "--logit-bias 5, --logit-bias",
        "--prompt a --prompt-file b, mutually exclusive",
        "--system s, --chat",
        "--no-such-option, --no-such-option",
        "--context-length -1, --context-length",
        "--threads -2, --threads",
        "--timeout NaN, --timeout",
        "--timeout -1, --timeout",
        "--top-p 2, --top-p",
        "--temperature -1, --temperature",
        "--max-tokens -1, --max-tokens",
        "--logprobs 21, --logprobs",
        "--seed 1 --seed 2, --seed",
        "--drafter copying, --drafter",
        "--draft-width 128, --draft-width",
        "--drafter slice --draft-width x, --draft-width",
        "--drafter layer-skip --draft-skip head:1, --draft-skip",
        "--drafter layer-skip --draft-cache none, --draft-cache",
        "--drafter prompt-lookup --draft-min-match 0, --draft-min-match",
        "--drafter prompt-lookup --draft-length long, --draft-length",
        "--drafter prompt-lookup --draft-acceptance always, --draft-acceptance",
        "--drafter chain --draft-chain chain, --draft-chain",
        "--drafter model, --draft-model",
        "--drafter diffuspec, --draft-model",
        "--drafter diffuspec --draft-diffuspec beam=0, --draft-diffuspec",
        "--drafter corpus, --draft-corpus",
        "--prefix-cache 64MB, --prefix-cache",
        "--prefix-cache-file f --prefix-cache 64XB, --prefix-cache",
        "--prefix-cache-file f --prefix-cache 0, --prefix-cache",
        "--prefix-cache-file f --prefix-cache 99999999999GB, --prefix-cache",
    })
    void refusesWrongArgumentsWithCodeTwoInOneLine(String arguments, String named) {
        int code = shell.run(("generate " + arguments).split(" "));

        assertThat(code).isEqualTo(2);
        assertThat(shell.out()).isEmpty();
        assertThat(shell.err().lines()).hasSize(1);
        assertThat(shell.err()).startsWith("slipstream generate: ").contains(named);
        assertThat(opened).isEmpty();
    }

    @Test
    void saysWhatModelsThereAreWhereOneIsMissing() {
        int code = shell.run("generate", "--model", "no/such/model");

        assertThat(code).isEqualTo(1);
        assertThat(shell.err().lines()).hasSize(1);
        assertThat(shell.err())
                .contains("embedded models tale, poem")
                .contains(Path.of("no/such/model").toAbsolutePath().toString());
    }

    @Test
    void refusesAPromptThatIsNotText() {
        int code =
                shell.input(new byte[] {'a', 'b', (byte) 0xC3, 'c'})
                        .run("generate", "--prompt-file", "-");

        assertThat(code).isEqualTo(1);
        assertThat(shell.err()).contains("standard input").contains("UTF-8").contains("offset 2");
    }

    @Test
    void saysThatAPromptFileIsMissing() {
        int code = shell.run("generate", "--prompt-file", "absent.txt");

        assertThat(code).isEqualTo(1);
        assertThat(shell.err()).contains("absent.txt: expected a text file, found none");
    }

    @Test
    void showsTheStackTraceOnlyForDebug() {
        Library damaged =
                Libraries.scripted(
                        (location, options) -> {
                            throw new CheckpointException("model.safetensors:\n  cut off");
                        });

        Shell plain = new Shell(damaged);
        assertThat(plain.run("generate")).isEqualTo(1);
        assertThat(plain.err())
                .isEqualTo(
                        "slipstream generate: model.safetensors:; cut off"
                                + System.lineSeparator());

        Shell debug = new Shell(damaged);
        assertThat(debug.run("generate", "--debug")).isEqualTo(1);
        assertThat(debug.err()).contains("CheckpointException").contains("\tat dev.slipstream");
    }

    @Test
    void refusesAReportFileInAMissingDirectoryBeforeAnyWork() {
        int code =
                shell.run("generate", "--json", directory.resolve("none/report.json").toString());

        assertThat(code).isEqualTo(1);
        assertThat(opened).isEmpty();
        assertThat(shell.err()).contains("--json");
    }
}
