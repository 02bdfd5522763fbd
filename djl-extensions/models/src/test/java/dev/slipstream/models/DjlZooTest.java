package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Application;
import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.inference.streaming.IteratorBytesSupplier;
import ai.djl.inference.streaming.PublisherBytesSupplier;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelZoo;
import ai.djl.repository.zoo.ZooModel;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import dev.slipstream.zoo.SlipstreamTranslatorFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ways in through Deep Java Library give the text that Slipstream's own generator gives. */
class DjlZooTest {
    private static final String PROMPT = "There was once a little princess";

    private static String expected(int tokens) {
        try (TextGenerator generator = Models.open("storyteller-7m", LoadOptions.defaults())) {
            return generator
                    .generate(
                            generator.prompt(PROMPT),
                            GenerationOptions.builder().maxTokens(tokens).build())
                    .text();
        }
    }

    private static Criteria.Builder<String, String> texts() {
        return Criteria.builder()
                .setTypes(String.class, String.class)
                .optArgument("temperature", 0)
                .optArgument("repetition_penalty", 1)
                .optArgument("top_p", 1)
                .optArgument("max_new_tokens", 20);
    }

    @Test
    void loadsByGroupAndArtifact() throws Exception {
        Criteria<String, String> criteria =
                texts().optGroupId("dev.slipstream").optArtifactId("storyteller-7m").build();
        try (ZooModel<String, String> model = criteria.loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertThat(predictor.predict(PROMPT)).isEqualTo(expected(20)).isNotEmpty();
        }
    }

    @Test
    void loadsByUrl() throws Exception {
        Criteria<String, String> criteria =
                texts().optModelUrls("slipstream:storyteller-7m").build();
        try (ZooModel<String, String> model = criteria.loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertThat(predictor.predict(PROMPT)).isEqualTo(expected(20));
        }
    }

    @Test
    void loadsADirectoryWithItsTranslatorFactory(@TempDir Path directory) throws Exception {
        copyStoryteller(directory);
        Criteria<String, String> criteria =
                texts().optModelPath(directory)
                        .optEngine("Slipstream")
                        .optTranslatorFactory(new SlipstreamTranslatorFactory())
                        .build();
        try (ZooModel<String, String> model = criteria.loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertThat(predictor.predict(PROMPT)).isEqualTo(expected(20));
        }
    }

    @Test
    void streamsText() throws Exception {
        Criteria<String, String> criteria =
                texts().optModelUrls("slipstream:storyteller-7m").build();
        try (ZooModel<String, String> model = criteria.loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            var stream = predictor.streamingPredict(PROMPT);
            StringBuilder text = new StringBuilder();
            int pieces = 0;
            for (String piece = stream.getIterativeOutput();
                    !piece.isEmpty();
                    piece = stream.getIterativeOutput()) {
                text.append(piece);
                pieces++;
            }
            assertThat(text.toString()).isEqualTo(expected(20));
            assertThat(pieces).isGreaterThan(10);
            assertThat(predictor.streamingPredict(PROMPT).getAsyncOutput()).isEqualTo(expected(20));
        }
    }

    @Test
    void answersTgiRequests() throws Exception {
        try (ZooModel<Input, Output> model = serving();
                Predictor<Input, Output> predictor = model.newPredictor()) {
            Output output =
                    predictor.predict(
                            request(
                                    "{\"inputs\": \"%s\", \"parameters\": {\"max_new_tokens\": 20, \"do_sample\": false, \"repetition_penalty\": 1.0, \"details\": true, \"top_n_tokens\": 2}}"
                                            .formatted(PROMPT)));
            JsonObject answer = json(output.getData().getAsBytes());
            assertThat(output.getCode()).isEqualTo(200);
            assertThat(answer.get("generated_text").getAsString()).isEqualTo(expected(20));
            JsonObject details = answer.getAsJsonObject("details");
            assertThat(details.get("finish_reason").getAsString()).isEqualTo("length");
            assertThat(details.get("generated_tokens").getAsInt()).isEqualTo(20);
            JsonObject token = details.getAsJsonArray("tokens").get(0).getAsJsonObject();
            assertThat(token.get("logprob").getAsDouble()).isNegative();
            assertThat(token.getAsJsonArray("top_tokens")).hasSize(2);
        }
    }

    @Test
    void streamsTgiEvents() throws Exception {
        String body =
                "{\"inputs\": \"%s\", \"parameters\": {\"max_new_tokens\": 20, \"do_sample\": false, \"repetition_penalty\": 1.0}}"
                        .formatted(PROMPT);
        try (ZooModel<Input, Output> model = serving();
                Predictor<Input, Output> predictor = model.newPredictor()) {
            Output output = predictor.streamingPredict(request(body)).getIterativeOutput();
            IteratorBytesSupplier events = (IteratorBytesSupplier) output.getData();
            assertEvents(new String(events.getAsBytes(), StandardCharsets.UTF_8));

            var asynchronous = predictor.streamingPredict(request(body));
            Output promise = asynchronous.getAsyncOutput();
            StringBuilder lines = new StringBuilder();
            ((PublisherBytesSupplier) promise.getData())
                    .subscribe(
                            bytes -> {
                                if (bytes != null) {
                                    lines.append(new String(bytes, StandardCharsets.UTF_8));
                                }
                            });
            asynchronous.computeAsyncOutput();
            assertEvents(lines.toString());
        }
    }

    private static void assertEvents(String lines) {
        List<JsonObject> events =
                lines.lines().map(line -> json(line.getBytes(StandardCharsets.UTF_8))).toList();
        StringBuilder text = new StringBuilder();
        for (JsonObject event : events) {
            if (event.get("token").isJsonObject()) {
                text.append(event.getAsJsonObject("token").get("text").getAsString());
            }
        }
        JsonObject last = events.get(events.size() - 1);
        assertThat(text.toString()).isEqualTo(expected(20));
        assertThat(last.get("generated_text").getAsString()).isEqualTo(expected(20));
        assertThat(last.getAsJsonObject("details").get("finish_reason").getAsString())
                .isEqualTo("length");
    }

    @Test
    void answersWrongParametersWithCode400AndTheirName() throws Exception {
        try (ZooModel<Input, Output> model = serving();
                Predictor<Input, Output> predictor = model.newPredictor()) {
            assertRefused(predictor, "{\"max_new_tokens\": -1}", "max_new_tokens");
            assertRefused(predictor, "{\"temperature\": \"hot\"}", "temperature");
            assertRefused(predictor, "{\"top_p\": 2}", "top_p");
            assertRefused(predictor, "{\"typical_p\": 0.5}", "typical_p");
            assertRefused(predictor, "{\"no_such_thing\": 1}", "no_such_thing");
            Output output = predictor.predict(request("{\"inputs\": 5}"));
            assertThat(output.getCode()).isEqualTo(400);
            assertThat(output.getMessage()).contains("inputs");
        }
    }

    private static void assertRefused(
            Predictor<Input, Output> predictor, String parameters, String name) throws Exception {
        Output output =
                predictor.predict(
                        request("{\"inputs\": \"x\", \"parameters\": %s}".formatted(parameters)));
        assertThat(output.getCode()).isEqualTo(400);
        assertThat(json(output.getData().getAsBytes()).get("error").getAsString()).contains(name);
    }

    @Test
    void listsItsModels() {
        assertThat(ModelZoo.listModels().get(Application.NLP.TEXT_GENERATION))
                .extracting(mrl -> mrl.getGroupId() + ":" + mrl.getArtifactId())
                .contains(
                        "dev.slipstream:storyteller-7m",
                        "dev.slipstream:stories260k",
                        "dev.slipstream:babyllama105",
                        "dev.slipstream:storyteller-7m-diffusion");
    }

    @Test
    void tellsWhyAModelCannotBeOpened(@TempDir Path directory) {
        Criteria<String, String> criteria =
                texts().optModelPath(directory)
                        .optEngine("Slipstream")
                        .optTranslatorFactory(new SlipstreamTranslatorFactory())
                        .build();
        assertThatThrownBy(criteria::loadModel)
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining(directory.toString())
                .hasMessageContaining("model.safetensors");
    }

    private static ZooModel<Input, Output> serving() throws Exception {
        return Criteria.builder()
                .setTypes(Input.class, Output.class)
                .optModelUrls("slipstream:storyteller-7m")
                .build()
                .loadModel();
    }

    private static Input request(String body) {
        Input input = new Input();
        input.addProperty("Content-Type", "application/json");
        input.add(body.getBytes(StandardCharsets.UTF_8));
        return input;
    }

    private static JsonObject json(byte[] bytes) {
        return JsonParser.parseString(new String(bytes, StandardCharsets.UTF_8)).getAsJsonObject();
    }

    private static void copyStoryteller(Path directory) throws Exception {
        for (String file :
                List.of(
                        "config.json",
                        "generation_config.json",
                        "model.safetensors",
                        "tokenizer.json",
                        "tokenizer_config.json")) {
            try (var in =
                    DjlZooTest.class.getResourceAsStream(
                            "/META-INF/slipstream/models/storyteller-7m/" + file)) {
                Files.copy(in, directory.resolve(file));
            }
        }
    }
}
