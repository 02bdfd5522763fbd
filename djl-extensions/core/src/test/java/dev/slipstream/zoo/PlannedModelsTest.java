package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.pass.CalibrationText;
import dev.slipstream.pass.PassException;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.pass.Plan;
import dev.slipstream.pass.ScaleFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models that are opened with a plan. */
class PlannedModelsTest {
    @TempDir Path directory;

    private Path checkpoint = Path.of("");
    private Path text = Path.of("");

    @BeforeEach
    void write() throws IOException {
        checkpoint =
                new RandomModel("LlamaForCausalLM", 3)
                        .with("vocab_size", "270")
                        .write(directory.resolve("checkpoint"));
        text = Files.writeString(directory.resolve("text.txt"), "It was a dark night. ".repeat(60));
    }

    private LoadOptions options(Plan plan) {
        return LoadOptions.defaults()
                .withPrecision(Precision.FP32)
                .withPlan(plan)
                .withCacheDirectory(directory.resolve("cache"));
    }

    private Plan plan(CalibrationText calibration) {
        return Plan.of(List.of("scale:factor=0.5"), List.of(), calibration);
    }

    private int worked(Plan plan) {
        int before = ScaleFactory.WORKED.get();
        Models.open(checkpoint.toString(), options(plan)).close();
        OnnxModel graph = Models.graph(checkpoint.toString(), options(plan));
        assertThat(Pipeline.applied(graph)).containsExactly("scale:factor=0.5");
        return ScaleFactory.WORKED.get() - before;
    }

    @Test
    void passesWorkOnceForAllThatIsTheSame() throws IOException {
        Plan plan = plan(new CalibrationText(List.of(text), 4, 20, null));
        assertThat(worked(plan)).isEqualTo(1);
        assertThat(worked(plan)).isZero();
        assertThat(worked(plan.pinned())).isZero();
        assertThat(worked(plan(new CalibrationText(List.of(text), 4, 21, null)))).isEqualTo(1);
        assertThat(worked(plan(null))).isEqualTo(1);
        Files.writeString(text, "The sun rose. ".repeat(60));
        assertThat(worked(plan)).isEqualTo(1);
        assertThat(worked(plan)).isZero();
        new RandomModel("LlamaForCausalLM", 4).with("vocab_size", "270").write(checkpoint);
        assertThat(worked(plan)).isEqualTo(1);
    }

    @Test
    void textsTooShortOrTooLongAreRefused() {
        Plan tooMuch = plan(new CalibrationText(List.of(text), 100, 128, null));
        assertThatThrownBy(() -> Models.open(checkpoint.toString(), options(tooMuch)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("calibration: expected a text of at least");
        Plan tooLong = plan(new CalibrationText(List.of(text), 1, 129, null));
        assertThatThrownBy(() -> Models.open(checkpoint.toString(), options(tooLong)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("expected at most the 128 tokens of the model's context");
        Plan none = plan(new CalibrationText(List.of(directory.resolve("none.txt")), 4, 20, null));
        assertThatThrownBy(() -> Models.graph(checkpoint.toString(), options(none)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("none.txt: expected a text file, found none");
    }

    @ParameterizedTest
    @CsvSource({"LAYER_SKIP", "SLICE"})
    void partsThatDraftAreRefusedBesideAPlan(DrafterKind drafter) {
        LoadOptions options = options(plan(null)).withDrafting(DraftOptions.of(drafter));
        assertThatThrownBy(() -> Models.open(checkpoint.toString(), options))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("expected no plan beside the drafters slice and layer-skip")
                .hasMessageContaining("scale:factor=0.5");
    }

    private static Plan parse(Map<String, String> texts) {
        return PlanOptions.parse(
                name -> texts.containsKey(name) ? List.of(texts.get(name)) : List.of());
    }

    @Test
    void optionsBecomePlans() throws IOException {
        assertThat(parse(Map.of())).isEqualTo(Plan.NONE);
        assertThat(parse(Map.of("passes", "scale:factor=0.5"))).isEqualTo(plan(null));
        assertThat(parse(Map.of("gates", "scale:factor=0.5")))
                .isEqualTo(Plan.of(List.of(), List.of("scale:factor=0.5"), null));
        assertThat(
                        parse(
                                Map.of(
                                        "passes",
                                        "scale:factor=0.5",
                                        "text",
                                        text.toString(),
                                        "sequences",
                                        "4")))
                .isEqualTo(plan(new CalibrationText(List.of(text), 4, 256, null)));
        Plan pinned = plan(new CalibrationText(List.of(text), 4, 20, null)).pinned();
        Path file = Files.writeString(directory.resolve("plan.yml"), pinned.toYaml());
        assertThat(parse(Map.of("plan", file.toString()))).isEqualTo(pinned);
        CalibrationText kept = pinned.calibration();
        assertThat(kept).isNotNull();
        assertThat(parse(Map.of("plan", file.toString(), "length", "30")))
                .isEqualTo(plan(new CalibrationText(kept.files(), 4, 30, kept.sha256())));
        assertThat(parse(Map.of("plan", file.toString(), "text", "other.txt")))
                .isEqualTo(plan(new CalibrationText(List.of(Path.of("other.txt")), 4, 20, null)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "passes=scale;gates=scale|gates: expected each pass once, found scale twice",
                "passes=nope|passes[0]: expected one of the passes [",
                "gates=scale:factor=-1|gates[0]: pass scale: factor: expected a number of 0 to 1000, found -1",
                "plan=/none/plan.yml|plan: /none/plan.yml: expected a plan, found no file",
                "plan=/none/plan.yml;passes=scale|passes: expected none beside the plan /none/plan.yml",
                "plan=/none/plan.yml;gates=scale|gates: expected none beside the plan /none/plan.yml",
                "text=a.txt|text: expected passes, gates or a plan beside it, found none",
                "sequences=4|sequences: expected passes, gates or a plan beside it, found none",
                "passes=scale;sequences=4|sequences: expected a calibration text beside it, found none",
                "passes=scale;text=a.txt;sequences=0|sequences: expected 1 or more, found 0",
                "passes=scale;text=a.txt;length=2|length: expected 3 or more, found 2",
                "passes=scale;text=a.txt;length=long|length: expected a whole number, found 'long'",
            })
    void wrongOptionsAreNamed(String options, String message) {
        Map<String, String> texts = new HashMap<>();
        for (String option : options.split(";")) {
            String[] sides = option.split("=", 2);
            texts.put(sides[0], sides[1]);
        }
        assertThatThrownBy(() -> parse(texts))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message);
    }
}
