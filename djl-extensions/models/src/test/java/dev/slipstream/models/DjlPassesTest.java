package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.pass.Plan;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.ModelDirectory;
import dev.slipstream.zoo.Models;
import dev.slipstream.zoo.SlipstreamTranslatorFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Passes are options of a DJL model, and what {@code accelerate} writes is a DJL model. */
class DjlPassesTest {
    private static final String PASS = "remove:sub-layers=(attention.3,feed-forward.2)";

    @TempDir Path directory;

    private Criteria.Builder<String, String> stories() {
        return Criteria.builder()
                .setTypes(String.class, String.class)
                .optModelUrls("slipstream:stories260k")
                .optOption("precision", "fp32")
                .optOption("cacheDirectory", directory.resolve("cache").toString());
    }

    private static String text(Criteria.Builder<String, String> criteria) throws Exception {
        criteria.optArgument("max_new_tokens", 20).optArgument("temperature", 0);
        try (ZooModel<String, String> model = criteria.build().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            return predictor.predict("Once upon a time");
        }
    }

    @Test
    void passesByOptionByPlanAndAsADirectoryAreTheSame() throws Exception {
        Plan plan = Plan.of(List.of(PASS), List.of(), null);
        Path file = Files.writeString(directory.resolve("plan.yml"), plan.toYaml());
        Path out = directory.resolve("out");
        LoadOptions options = LoadOptions.defaults().withPrecision(Precision.FP32).withPlan(plan);
        ModelDirectory.write(
                Models.accelerate("stories260k", options, pass -> {}),
                out,
                ModelDirectory.Existing.REFUSED);

        String byOption = text(stories().optOption("passes", " " + PASS + "; "));
        assertThat(byOption)
                .isNotEqualTo(text(stories()))
                .isEqualTo(text(stories().optOption("plan", file.toString())))
                .isEqualTo(
                        text(
                                Criteria.builder()
                                        .setTypes(String.class, String.class)
                                        .optModelPath(out)
                                        .optEngine("Slipstream")
                                        .optTranslatorFactory(new SlipstreamTranslatorFactory())));
    }

    @Test
    void saysWhichOptionIsWrong() {
        assertRefused("passes", "nope", "option passes: expected one of the passes [");
        assertRefused("passes", "quantise;quantise", "option passes: expected each pass once");
        assertRefused("gates", "nope", "option gates: expected one of the passes [");
        assertRefused("plan", "/none.yml", "option plan: /none.yml: expected a plan, found no");
        assertRefused("calibrationText", "a.txt", "option calibrationText: expected passes");
        assertRefused("calibrationLength", "9", "option calibrationLength: expected passes");
        assertRefused("calibrationTxt", "a.txt", "no option of that name");
        assertRefused("passes", "remove:sub-layers=attention.99", "attention.99");
    }

    private void assertRefused(String option, String value, String message) {
        assertThatThrownBy(() -> stories().optOption(option, value).build().loadModel())
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining(message);
    }
}
