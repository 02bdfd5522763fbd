package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.inference.Predictor;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.decode.GatedStories;
import dev.slipstream.runtime.GatedGraphs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DJL's requests to a directory whose graph has gates. */
class EffortRequestsTest {
    private static final Path STORIES =
            Path.of("../models/src/main/resources/META-INF/slipstream/models/stories260k");

    @TempDir Path directory;

    @BeforeEach
    void writeModel() throws IOException {
        Llama2c story = Llama2c.read(ModelFiles.of(STORIES));
        GatedGraphs.skipping(story.config(), story.weights(), 256, GatedStories.SKIPS)
                .write(directory.resolve("model.onnx"));
        Files.writeString(directory.resolve("tokenizer.json"), story.tokenizerJson());
        Files.writeString(
                directory.resolve("config.json"),
                "{\"max_position_embeddings\": 256, \"bos_token_id\": 1, \"eos_token_id\": 2}");
    }

    private <I, O> Criteria.Builder<I, O> criteria(Class<I> input, Class<O> output) {
        return Criteria.builder()
                .setTypes(input, output)
                .optModelPath(directory)
                .optEngine("Slipstream")
                .optArgument("max_new_tokens", 30)
                .optTranslatorFactory(new SlipstreamTranslatorFactory());
    }

    private static String request(String parameters) {
        return "{\"inputs\": \"Once upon a time\", \"parameters\": {\"details\": true%s}}"
                .formatted(parameters);
    }

    private static JsonObject answer(Predictor<Input, Output> predictor, String parameters)
            throws TranslateException {
        Input input = new Input();
        input.addProperty("Content-Type", "application/json");
        input.add(request(parameters).getBytes(StandardCharsets.UTF_8));
        String json =
                new String(predictor.predict(input).getData().getAsBytes(), StandardCharsets.UTF_8);
        return JsonParser.parseString(json).getAsJsonObject();
    }

    @Test
    void parametersChooseAndDetailsTell() throws Exception {
        try (ZooModel<Input, Output> model =
                        criteria(Input.class, Output.class).build().loadModel();
                Predictor<Input, Output> predictor = model.newPredictor()) {
            JsonObject best = answer(predictor, "").getAsJsonObject("details");
            assertThat(best.get("skipped_sublayers").getAsLong()).isZero();
            assertThat(best.get("gated_sublayers").getAsLong()).isEqualTo(29 * 3);
            JsonObject own =
                    answer(
                                    predictor,
                                    ", \"skip_threshold\": -1, \"skip_count\": 1, \"skip_warm_up\": 9")
                            .getAsJsonObject("details");
            assertThat(own.get("skipped_sublayers").getAsLong()).isEqualTo(20);
            assertRefused(
                    predictor,
                    ", \"effort\": \"slow\"",
                    "effort: expected one of best, balanced, fast");
            assertRefused(predictor, ", \"effort\": 5", "effort: expected a text");
            assertRefused(predictor, ", \"ms_per_token\": 1e-9", "ms_per_token: expected at least");
            assertRefused(predictor, ", \"skip_count\": -1", "skip_count: expected 0 or more");
        }
    }

    private static void assertRefused(
            Predictor<Input, Output> predictor, String parameters, String message)
            throws TranslateException {
        assertThat(answer(predictor, parameters).get("error").getAsString()).startsWith(message);
    }

    @Test
    void argumentsAreDefaults() throws Exception {
        assertThat(text(null)).isNotEqualTo(text("fast"));
        assertThatThrownBy(() -> text("slow"))
                .isInstanceOf(TranslateException.class)
                .hasMessageContaining("expected one of best, balanced, fast");
    }

    private String text(String effort) throws Exception {
        Criteria.Builder<String, String> builder = criteria(String.class, String.class);
        if (effort != null) {
            builder.optArgument("effort", effort).optArgument("skip_warm_up", "2");
        }
        try (ZooModel<String, String> model = builder.build().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            return predictor.predict("Once upon a time");
        }
    }
}
