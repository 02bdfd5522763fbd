package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.runtime.OnnxRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands on a real model. */
class EmbeddedModelTest {
    private static final String MODEL = "stories260k";

    @TempDir Path directory;

    private final Shell shell = new Shell(Library.slipstream());
    private Path json = Path.of("");
    private Path text = Path.of("");

    @BeforeEach
    void names() {
        json = directory.resolve("report.json");
        text = directory.resolve("text.txt");
    }

    @Test
    void measuresTheVeryProbabilitiesThatTheDecoderReports() throws IOException {
        run("generate", "-n", "40", "-t", "0", "--weights", "fp32", "--logprobs", "0");
        double nats = 0;
        for (JsonElement token : report().getAsJsonArray("tokens")) {
            nats -= token.getAsJsonObject().get("logProbability").getAsDouble();
        }
        Files.writeString(text, report().get("text").getAsString());

        run("perplexity", "--text", text.toString(), "--weights", "fp32");

        JsonObject measured = report();
        assertThat(measured.get("tokens").getAsInt()).isEqualTo(40);
        assertThat(measured.get("characters").getAsInt())
                .isEqualTo(Files.readString(text).strip().length());
        assertThat(result(measured, 0, "natsPerToken")).isCloseTo(nats / 40, within(1e-4));
    }

    @Test
    void saysInALineThatThereIsNoGpu() {
        OnnxRuntime.start();
        assumeThat(OrtEnvironment.getAvailableProviders()).doesNotContain(OrtProvider.CUDA);

        assertThat(shell.run("generate", "--model", MODEL, "--device", "gpu")).isEqualTo(1);

        assertThat(shell.out()).isEmpty();
        assertThat(shell.err().lines()).hasSize(1);
        assertThat(shell.err())
                .startsWith("slipstream generate: device gpu: ")
                .contains("com.microsoft.onnxruntime:onnxruntime_gpu");
    }

    @Test
    void comparesPrecisionsOnTheSameTokens() throws IOException {
        Files.writeString(
                text, "Once upon a time, there was a little girl named Lily. ".repeat(40));

        run(
                "perplexity",
                "--text",
                text.toString(),
                "--limit-tokens",
                "300",
                "--window",
                "128",
                "--stride",
                "64",
                "--against-weights",
                "fp32,int4");

        JsonObject measured = report();
        assertThat(measured.get("tokens").getAsInt()).isEqualTo(300);
        assertThat(measured.get("window").getAsInt()).isEqualTo(128);
        assertThat(measured.get("stride").getAsInt()).isEqualTo(64);
        assertThat(measured.getAsJsonArray("results")).hasSize(3);
        double fp32 = result(measured, 1, "natsPerToken");
        assertThat(result(measured, 0, "natsPerToken")).isCloseTo(fp32, within(0.05));
        assertThat(result(measured, 2, "natsPerToken")).isNotEqualTo(fp32);
        assertThat(result(measured, 1, "perplexity")).isCloseTo(Math.exp(fp32), within(1e-9));
        assertThat(shell.out())
                .containsPattern("window +128 tokens, stride 64")
                .contains("nats/token - fp32")
                .containsPattern("fp32 .* \\+0\\.0000\n");
    }

    @Test
    void showsTheAnatomy() throws IOException {
        int code = shell.run("inspect", "--model", "storyteller-7m", "--json", json.toString());

        assertThat(code).isZero();
        JsonObject report = report();
        assertThat(report.get("parameters").getAsLong()).isEqualTo(7_344_384);
        JsonArray parts = report.getAsJsonArray("subLayers");
        assertThat(parts).hasSize(16);
        long parameters = report.getAsJsonObject("outside").get("parameters").getAsLong();
        for (int i = 0; i < parts.size(); i++) {
            JsonObject part = parts.get(i).getAsJsonObject();
            assertThat(part.get("layer").getAsInt()).isEqualTo(i / 2);
            assertThat(part.get("kind").getAsString())
                    .isEqualTo(i % 2 == 0 ? "attention" : "feed-forward");
            parameters += part.get("parameters").getAsLong();
        }
        assertThat(parameters).isEqualTo(7_344_384);
        assertThat(report.getAsJsonObject("unreadable").size()).isZero();
        assertThat(report.getAsJsonObject("runs").get("contextLength").getAsInt()).isEqualTo(512);
        assertThat(report.getAsJsonObject("storedBytes").keySet()).contains("int8");
        assertThat(shell.out()).containsPattern("parameters +7,344,384");
    }

    @Test
    void measuresDraftersThatLeaveTheTextAlone() throws IOException {
        run(
                "bench",
                "--prompts",
                "builtin:repeat,builtin:random",
                "--limit-prompts",
                "2",
                "--rounds",
                "2",
                "--warm-up",
                "0",
                "-n",
                "12",
                "--weights",
                "fp32",
                "--drafter",
                "prompt-lookup,layer-skip",
                "--draft-length",
                "constant:4");

        JsonObject measured = report();
        assertThat(measured.get("rounds").getAsInt()).isEqualTo(2);
        assertThat(measured.get("interrupted").getAsBoolean()).isFalse();
        assertThat(measured.getAsJsonArray("sets")).hasSize(2);
        for (JsonElement set : measured.getAsJsonArray("sets")) {
            assertThat(set.getAsJsonObject().get("prompts").getAsInt()).isEqualTo(2);
            assertThat(set.getAsJsonObject().getAsJsonArray("results")).hasSize(2);
            for (JsonElement element : set.getAsJsonObject().getAsJsonArray("results")) {
                JsonObject result = element.getAsJsonObject();
                assertThat(result.get("texts").getAsInt()).isEqualTo(4);
                assertThat(result.get("differentTexts").getAsInt()).isZero();
                assertThat(result.get("draftedTokens").getAsInt())
                        .isGreaterThanOrEqualTo(result.get("acceptedTokens").getAsInt());
                JsonObject shares = result.getAsJsonObject("shares");
                double all =
                        shares.get("drafting").getAsDouble()
                                + shares.get("verifying").getAsDouble()
                                + shares.get("sampling").getAsDouble();
                assertThat(all).isCloseTo(1, within(1e-9));
            }
        }
        assertThat(shell.out()).contains("builtin:repeat", "layer-skip", "same text");
    }

    @Test
    void readsAPromptOnceForTwoCalls() throws IOException {
        Path prefixes = directory.resolve("prefixes");
        String prompt = "Once upon a time, there was a little girl named Lily. ".repeat(4);
        String[] arguments = {
            "generate",
            "-p",
            prompt,
            "-n",
            "8",
            "-t",
            "0",
            "--prefix-cache-file",
            prefixes.toString()
        };
        run(arguments);
        String text = report().get("text").getAsString();
        assertThat(report().get("cachedTokens").getAsInt()).isZero();

        run(arguments);

        assertThat(report().get("cachedTokens").getAsInt()).isPositive();
        assertThat(report().get("text").getAsString()).isEqualTo(text);
    }

    @Test
    void endsTheMeasurementOnCtrlC() throws IOException {
        Files.writeString(text, "Once upon a time");

        int code =
                shell.interrupts(
                                action -> {
                                    action.run();
                                    return () -> {};
                                })
                        .run("perplexity", "--model", MODEL, "--text", text.toString());

        assertThat(code).isEqualTo(130);
        assertThat(shell.out()).isEmpty();
        assertThat(shell.err()).contains("Ctrl-C");
    }

    @ParameterizedTest
    @CsvSource({
        "--window 1000, --window",
        "--window 8 --stride 9, stride",
        "--stride 0, stride",
        "--limit-tokens 0, --limit-tokens",
        "--against-weights int5, --against-weights",
    })
    void refusesWindowsThatCannotBe(String arguments, String named) throws IOException {
        Files.writeString(text, "Once upon a time");

        int code =
                shell.run(
                        ("perplexity --model %s --text %s %s".formatted(MODEL, text, arguments))
                                .split(" "));

        assertThat(code).isEqualTo(2);
        assertThat(shell.err().lines()).hasSize(1);
        assertThat(shell.err()).contains(named);
    }

    @Test
    void namesTheKnobThatTheModelRefuses() {
        int code = shell.run("generate", "--model", MODEL, "--logit-bias", "512=1");

        assertThat(code).isEqualTo(2);
        assertThat(shell.err()).contains("--logit-bias: ").contains("512");
    }

    @Test
    void needsAText() throws IOException {
        assertThat(shell.run("perplexity")).isEqualTo(2);
        assertThat(shell.run("perplexity", "--text", text.toString())).isEqualTo(1);
        assertThat(shell.err()).contains(text + ": expected a text file, found none");

        Files.write(text, new byte[] {'a', (byte) 0xFF});
        assertThat(shell.run("perplexity", "--text", text.toString())).isEqualTo(1);
        assertThat(shell.err()).contains("expected UTF-8 text, found other bytes at offset 1");

        Files.writeString(text, "");
        assertThat(shell.run("perplexity", "-m", MODEL, "--text", text.toString())).isEqualTo(1);
        assertThat(shell.err()).contains("expected a text of more than 0 tokens, found 0");
    }

    private void run(String... arguments) {
        String[] all = new String[arguments.length + 4];
        System.arraycopy(arguments, 0, all, 0, arguments.length);
        all[arguments.length] = "--model";
        all[arguments.length + 1] = MODEL;
        all[arguments.length + 2] = "--json";
        all[arguments.length + 3] = json.toString();
        assertThat(shell.run(all)).as(shell.err()).isZero();
    }

    private JsonObject report() throws IOException {
        return JsonParser.parseString(Files.readString(json)).getAsJsonObject();
    }

    private static double result(JsonObject report, int index, String field) {
        return report.getAsJsonArray("results")
                .get(index)
                .getAsJsonObject()
                .get(field)
                .getAsDouble();
    }
}
