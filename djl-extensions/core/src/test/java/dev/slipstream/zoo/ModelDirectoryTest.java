package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.pass.CalibrationText;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.OnnxRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a plan makes of a model is an ordinary directory, complete or not there. */
class ModelDirectoryTest {
    private static final Path LLAMA2C = Path.of("src/test/resources/stories260k");
    private static final String PROMPT = "Once upon a time";

    @TempDir Path directory;

    private Path checkpoint = Path.of("");
    private Path out = Path.of("");

    @BeforeEach
    void places() throws IOException {
        checkpoint =
                new RandomModel("Qwen2ForCausalLM", 7)
                        .with("vocab_size", "270")
                        .with("eos_token_id", "[1, 2]")
                        .write(directory.resolve("checkpoint"));
        Files.writeString(
                checkpoint.resolve("tokenizer_config.json"),
                "{\"chat_template\": \"{{ messages[0]['content'] }}\"}");
        Files.writeString(
                checkpoint.resolve("generation_config.json"),
                "{\"temperature\": 0.5, \"top_k\": 7, \"eos_token_id\": [1, 2]}");
        out = directory.resolve("deeper/out");
    }

    private LoadOptions options(Plan plan) {
        return LoadOptions.defaults()
                .withPrecision(Precision.FP32)
                .withPlan(plan)
                .withCacheDirectory(directory.resolve("cache"));
    }

    private static Plan scale(String factor) {
        return Plan.of(List.of("scale:factor=" + factor), List.of(), null);
    }

    private AcceleratedModel write(Path source, Plan plan) throws IOException {
        AcceleratedModel model = Models.accelerate(source.toString(), options(plan), pass -> {});
        ModelDirectory.write(model, out, ModelDirectory.Existing.REFUSED);
        return model;
    }

    private static String text(AutoregressiveGenerator generator) {
        return generator
                .generate(
                        generator.prompt(PROMPT),
                        GenerationOptions.builder().temperature(0).maxTokens(24).build())
                .text();
    }

    private static String text(Path location, LoadOptions options) {
        try (AutoregressiveGenerator generator = Models.open(location.toString(), options)) {
            return text(generator);
        }
    }

    @Test
    void theDirectoryOpensLikeAnyOtherAndSaysTheSame() throws Exception {
        for (Path source : List.of(checkpoint, LLAMA2C)) {
            out = directory.resolve("out of " + source.getFileName());
            write(source, scale("0.5"));
            LoadOptions whole = options(scale("0.5"));
            try (AutoregressiveGenerator direct = Models.open(source.toString(), whole);
                    AutoregressiveGenerator read = Models.open(out.toString(), options(Plan.NONE));
                    AutoregressiveGenerator plain =
                            Models.open(source.toString(), options(Plan.NONE))) {
                assertThat(text(read)).isEqualTo(text(direct)).isNotEqualTo(text(plain));
                assertThat(read.contextLength()).isEqualTo(direct.contextLength());
                assertThat(read.model().beginToken()).isEqualTo(direct.model().beginToken());
                assertThat(read.model().endTokens()).isEqualTo(direct.model().endTokens());
                assertThat(read.defaults()).isEqualTo(direct.defaults());
                assertThat(read.model().template() == null)
                        .isEqualTo(direct.model().template() == null);
                assertThat(read.prompt(PROMPT).ids()).isEqualTo(direct.prompt(PROMPT).ids());
            }
        }
    }

    @Test
    void plainOnnxRuntimeOpensTheFile() throws Exception {
        write(checkpoint, scale("0.5"));
        OrtEnvironment environment = OnnxRuntime.start();
        try (OrtSession.SessionOptions none = new OrtSession.SessionOptions();
                OrtSession session =
                        environment.createSession(out.resolve("model.onnx").toString(), none)) {
            assertThat(session.getOutputNames()).contains("logits");
        }
    }

    @Test
    void planAndReportAreBesideIt() throws IOException {
        Path text = Files.writeString(directory.resolve("text.txt"), PROMPT.repeat(40));
        Plan plan =
                Plan.of(
                        List.of("scale:factor=0.5"),
                        List.of(),
                        new CalibrationText(List.of(text), 3, 16, null));
        AcceleratedModel model = write(checkpoint, plan);
        Plan again = Plan.read(out.resolve("plan.yml"));
        assertThat(again).isEqualTo(plan.pinned()).isEqualTo(model.plan());
        assertThat(
                        Models.accelerate(checkpoint.toString(), options(again), pass -> {})
                                .graph()
                                .fingerprint())
                .isEqualTo(model.graph().fingerprint())
                .isEqualTo(OnnxModel.read(out.resolve("model.onnx")).fingerprint());
        JsonObject report =
                JsonParser.parseString(Files.readString(out.resolve("report.json")))
                        .getAsJsonObject();
        assertThat(report.get("source").getAsString()).isEqualTo(checkpoint.toString());
        assertThat(report.get("weights").getAsString()).isEqualTo("fp32");
        JsonObject pass = report.getAsJsonArray("passes").get(0).getAsJsonObject();
        assertThat(pass.getAsJsonArray("lines").get(0).getAsString())
                .isEqualTo("scaled by 0.5, looking at 48 tokens");
        assertThat(pass.getAsJsonObject("facts").get("tokens").getAsInt()).isEqualTo(48);
        assertThat(Files.readString(out.resolve("README.md")))
                .contains(checkpoint.toString(), "`scale:factor=0.5`");
        assertThat(Pipeline.applied(OnnxModel.read(out.resolve("model.onnx"))))
                .containsExactly("scale:factor=0.5");
    }

    @Test
    void gatesStandBehindPassesAndBeforeThePacking() throws IOException {
        Plan gated =
                Plan.of(
                        List.of("scale:factor=0.5"),
                        List.of("switch:sub-layers=(attention.0,feed-forward.0)"),
                        null);
        LoadOptions packed = options(gated).withPrecision(Precision.INT8);
        AcceleratedModel model = Models.accelerate(checkpoint.toString(), packed, pass -> {});
        assertThat(Pipeline.applied(model.graph()))
                .containsExactly(
                        "scale:factor=0.5",
                        "switch:sub-layers=(attention.0,feed-forward.0)",
                        "quantise:weights=int8");
        assertThat(model.plan().passes()).hasSize(2);
        ModelDirectory.write(model, out, ModelDirectory.Existing.REFUSED);
        OnnxModel ungated =
                Models.graph(
                        checkpoint.toString(), options(scale("0.5")).withPrecision(Precision.INT8));
        assertThat(bytes(model.graph())).isLessThan(bytes(ungated) + 100);
        assertThat(text(out, options(Plan.NONE)))
                .isEqualTo(text(checkpoint, options(scale("0.5")).withPrecision(Precision.INT8)));
    }

    private static long bytes(OnnxModel graph) {
        return graph.initializers().values().stream()
                .mapToLong(tensor -> tensor.data().remaining())
                .sum();
    }

    @Test
    void anExportGoesThroughPlansAsItsFileIs() throws IOException {
        Path export = Files.createDirectory(directory.resolve("export"));
        ExportedDecoder.write(checkpoint, export.resolve("model.onnx"), Set.of());
        for (String file : List.of("tokenizer.json", "config.json")) {
            Files.copy(checkpoint.resolve(file), export.resolve(file));
        }
        write(export, scale("0.5"));
        String accelerated = text(out, options(Plan.NONE));
        assertThat(accelerated)
                .isEqualTo(text(export, options(scale("0.5"))))
                .isNotEqualTo(text(export, options(Plan.NONE)));
        assertThat(out.resolve("genai_config.json")).doesNotExist();
    }

    @Test
    void nothingIsAppliedTwice() throws IOException {
        write(checkpoint, scale("0.5"));
        assertThatThrownBy(() -> text(out, options(scale("0.25"))))
                .hasMessageContaining("it was applied to already, as scale:factor=0.5")
                .hasMessageContaining("begin with the original model");
    }

    @Test
    void filesThatAreThereStay() throws IOException {
        Files.createDirectories(out);
        write(checkpoint, scale("0.5"));
        AcceleratedModel model =
                Models.accelerate(checkpoint.toString(), options(scale("2")), pass -> {});
        assertThatThrownBy(() -> ModelDirectory.write(model, out, ModelDirectory.Existing.REFUSED))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(out.toString())
                .hasMessageContaining("expected an empty directory");
        assertThat(Files.readString(out.resolve("plan.yml"))).contains("0.5");
        ModelDirectory.write(model, out, ModelDirectory.Existing.REPLACED);
        assertThat(Files.readString(out.resolve("plan.yml"))).contains("factor: 2");
        assertAlone();
        Path own = Files.createDirectory(directory.resolve("own"));
        Files.writeString(own.resolve("diary.txt"), "mine");
        assertThatThrownBy(() -> ModelDirectory.write(model, own, ModelDirectory.Existing.REPLACED))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("expected a directory with the file plan.yml");
        assertThat(own.resolve("diary.txt")).hasContent("mine");
        assertThatThrownBy(
                        () ->
                                ModelDirectory.write(
                                        model,
                                        own.resolve("diary.txt"),
                                        ModelDirectory.Existing.REPLACED))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("found a file");
    }

    @ParameterizedTest
    @EnumSource(ModelDirectory.Existing.class)
    void aModelIsNotReplacedByWhatIsMadeOfIt(ModelDirectory.Existing existing) throws IOException {
        write(checkpoint, scale("0.5"));
        Plan gates = Plan.of(List.of(), List.of("switch:sub-layers=feed-forward.0"), null);
        for (Path location : List.of(out, out.resolve("model.onnx"), out.resolve("../out"))) {
            AcceleratedModel again =
                    Models.accelerate(location.toString(), options(gates), pass -> {});
            assertThatThrownBy(() -> ModelDirectory.write(again, out, existing))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(out.toString())
                    .hasMessageContaining("expected an");
        }
        assertThat(Files.readString(out.resolve("plan.yml")))
                .contains("scale")
                .doesNotContain("switch");
        assertAlone();
    }

    private void assertAlone() throws IOException {
        try (Stream<Path> files = Files.list(out.resolveSibling("."))) {
            assertThat(files.map(file -> String.valueOf(file.getFileName())))
                    .containsExactly("out");
        }
    }

    @Test
    void aFileThatCannotBeWrittenLeavesNothing() throws IOException {
        write(checkpoint, scale("0.5"));
        // Written as the last but three of the files; half a character is in no encoding.
        Files.writeString(checkpoint.resolve("generation_config.json"), "{\"note\": \"\\ud800\"}");
        AcceleratedModel model =
                Models.accelerate(checkpoint.toString(), options(scale("2")), pass -> {});
        assertThatThrownBy(() -> ModelDirectory.write(model, out, ModelDirectory.Existing.REPLACED))
                .isInstanceOf(IOException.class);
        assertThat(Files.readString(out.resolve("plan.yml"))).contains("0.5");
        assertAlone();
    }

    /** A limit on the size of files is the nearest to a full disk that a process can get. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskLeavesNothing() throws Exception {
        Files.createDirectories(out.getParent());
        Process process =
                new ProcessBuilder(
                                "bash",
                                "-c",
                                "ulimit -f 64; exec \"$@\"",
                                "bash",
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:-UsePerfData",
                                "-Dai.djl.offline=true",
                                "-cp",
                                System.getProperty("java.class.path"),
                                AcceleratingProcess.class.getName(),
                                checkpoint.toString(),
                                out.toString())
                        .redirectErrorStream(true)
                        .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isEqualTo(3);
        assertThat(output).contains("cannot be written: File too large");
        try (Stream<Path> files = Files.list(out.getParent())) {
            assertThat(files).isEmpty();
        }
    }
}
