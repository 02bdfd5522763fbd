package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.draft.ConstantLength;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.pass.PassException;
import dev.slipstream.pass.Plan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Prefill weights as users ask for them, and where they are refused. */
class PrefillWeightsTest {
    private static final LoadOptions PREFILL =
            LoadOptions.defaults()
                    .withPrecision(Precision.INT4)
                    .withPrefill(new PrefillOptions(PrefillWeights.INT8, 20));

    @TempDir Path directory;

    private String checkpoint = "";

    @BeforeEach
    void write() throws IOException {
        checkpoint =
                new RandomModel("LlamaForCausalLM", 3)
                        .with("vocab_size", "270")
                        .write(directory.resolve("checkpoint"))
                        .toString();
    }

    @Test
    void thresholdIsTheAskedOneAndOffIsOneForm() {
        try (AutoregressiveGenerator model = Models.open(checkpoint, PREFILL)) {
            assertThat(model.model().decoder().longRunsFrom()).isEqualTo(20);
        }
        LoadOptions measured = PREFILL.withPrefill(PrefillOptions.of(PrefillWeights.INT8));
        try (AutoregressiveGenerator model = Models.open(checkpoint, measured)) {
            assertThat(model.model().decoder().longRunsFrom()).isGreaterThanOrEqualTo(2);
        }
        try (AutoregressiveGenerator model = Models.open(checkpoint, LoadOptions.defaults())) {
            assertThat(model.model().decoder().hasTwoForms()).isFalse();
        }
    }

    @Test
    void graphsOfPlansAndFilesGetTheSecondFormToo() throws IOException {
        LoadOptions planned =
                PREFILL.withPlan(Plan.of(List.of("scale:factor=0.5"), List.of(), null))
                        .withCacheDirectory(directory.resolve("cache"));
        assertThat(switches(Models.graph(checkpoint, planned))).isEqualTo(1);
        assertThat(switches(Models.graph(checkpoint, planned.withPrefill(PrefillOptions.NONE))))
                .isZero();
        Path file = directory.resolve("checkpoint").resolve("model.onnx");
        Models.graph(checkpoint, LoadOptions.defaults()).write(file);
        try (AutoregressiveGenerator model = Models.open(file.toString(), PREFILL)) {
            assertThat(model.model().decoder().longRunsFrom()).isEqualTo(20);
        }
    }

    @Test
    void whatChecksDraftsStaysInTheShortForm() {
        LoadOptions drafted =
                PREFILL.withDrafting(
                        LoadArguments.read(
                                        Map.of(
                                                "drafter",
                                                "prompt-lookup",
                                                "draftLength",
                                                new ConstantLength(18)),
                                        Device.cpu())
                                .drafting());
        try (AutoregressiveGenerator model = Models.open(checkpoint, drafted)) {
            assertThat(model.model().decoder().longRunsFrom()).isEqualTo(20);
        }
        LoadOptions measured = drafted.withPrefill(PrefillOptions.of(PrefillWeights.INT8));
        try (AutoregressiveGenerator model = Models.open(checkpoint, measured)) {
            assertThat(model.model().decoder().longRunsFrom()).isGreaterThanOrEqualTo(20);
        }
        LoadOptions tooLow = drafted.withPrefill(new PrefillOptions(PrefillWeights.INT8, 19));
        assertThatThrownBy(() -> Models.open(checkpoint, tooLow))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("above the 19 rows of a run that checks a draft")
                .hasMessageContaining("found 19");
    }

    @Test
    void gatesAndWhatIsWrittenToDiskAreRefused() {
        for (DrafterKind kind : List.of(DrafterKind.SLICE, DrafterKind.LAYER_SKIP)) {
            LoadOptions drafted = PREFILL.withDrafting(DraftOptions.of(kind));
            assertThatThrownBy(() -> Models.open(checkpoint, drafted))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(
                            "no prefill weights beside the drafters slice and layer-skip");
        }
        LoadOptions gated =
                PREFILL.withPlan(
                                Plan.of(
                                        List.of(),
                                        List.of("switch:sub-layers=feed-forward.0"),
                                        null))
                        .withCacheDirectory(directory.resolve("cache"));
        assertThatThrownBy(() -> Models.open(checkpoint, gated))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("without gates for prefill weights")
                .hasMessageContaining("gates");
        assertThatThrownBy(() -> Models.accelerate(checkpoint, PREFILL, pass -> {}))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("made when a model is loaded and not written");
    }

    @Test
    void optionsAreReadByName() {
        assertThat(
                        LoadArguments.read(
                                        Map.of("prefillWeights", "int8", "prefillThreshold", 20),
                                        Device.cpu())
                                .prefill())
                .isEqualTo(new PrefillOptions(PrefillWeights.INT8, 20));
        assertThat(LoadArguments.read(Map.of(), Device.cpu()).prefill())
                .isEqualTo(PrefillOptions.NONE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "int4 | 0 | option prefillWeights: expected one of [same, int8], found int4",
                "int8 | 1 | option prefillThreshold: expected 2 or more tokens, or 0 to measure it, found 1",
                "same | 8 | option prefillThreshold: expected prefill weights beside it, such as int8, found none",
            })
    void wrongOptionsAreNamed(String weights, int threshold, String message) {
        Map<String, Object> options =
                Map.of("prefillWeights", weights, "prefillThreshold", threshold);
        assertThatThrownBy(() -> LoadArguments.read(options, Device.cpu())).hasMessage(message);
    }

    private static long switches(OnnxModel graph) {
        return graph.nodes().stream().filter(node -> node.getOpType().equals("If")).count();
    }
}
