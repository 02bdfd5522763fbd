package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drafters, prefix cache and batching are options of a DJL model, and change no text. */
class DjlDraftingTest {
    /** Repeats itself, so that copying finds something. */
    private static final String PROMPT =
            "The cat sat on the mat. The dog sat on the log. The cat sat on the mat. The dog sat on";

    private static final String REQUEST =
            "{\"inputs\": \"%s\", \"parameters\": {\"max_new_tokens\": 60, \"do_sample\": false, \"repetition_penalty\": 1.0, \"details\": true}}"
                    .formatted(PROMPT);

    private static Criteria.Builder<Input, Output> model(String url) {
        return Criteria.builder().setTypes(Input.class, Output.class).optModelUrls(url);
    }

    private static JsonObject answer(Criteria.Builder<Input, Output> criteria) throws Exception {
        try (ZooModel<Input, Output> model = criteria.build().loadModel();
                Predictor<Input, Output> predictor = model.newPredictor()) {
            return answer(predictor);
        }
    }

    private static JsonObject answer(Predictor<Input, Output> predictor) throws Exception {
        Input input = new Input();
        input.addProperty("Content-Type", "application/json");
        input.add(REQUEST.getBytes(StandardCharsets.UTF_8));
        Output output = predictor.predict(input);
        String body = new String(output.getData().getAsBytes(), StandardCharsets.UTF_8);
        assertThat(output.getCode()).as(body).isEqualTo(200);
        return JsonParser.parseString(body).getAsJsonObject();
    }

    private static int count(JsonObject answer, String name) {
        return answer.getAsJsonObject("details").get(name).getAsInt();
    }

    private static void assertDrafted(Criteria.Builder<Input, Output> criteria) throws Exception {
        JsonObject plain = answer(model("slipstream:storyteller-7m"));
        JsonObject drafted = answer(criteria);
        assertThat(count(plain, "drafted_tokens")).isZero();
        assertThat(count(drafted, "accepted_tokens")).isPositive();
        assertThat(drafted.get("generated_text")).isEqualTo(plain.get("generated_text"));
    }

    @Test
    void draftsByOptions() throws Exception {
        assertDrafted(
                model("slipstream:storyteller-7m")
                        .optOption("drafter", "prompt-lookup")
                        .optOption("draftMinMatch", "1")
                        .optOption("draftLength", "constant:4"));
    }

    @Test
    void draftsByUrl() throws Exception {
        assertDrafted(
                model(
                        "slipstream:storyteller-7m?drafter=chain&draftChain=layer-skip&draftSkip=feed-forward:3&draftLength=confident:6%2C0.2"));
    }

    @Test
    void optionsOfTheCriteriaWinOverTheUrl() throws Exception {
        JsonObject answer =
                answer(
                        model("slipstream:storyteller-7m?drafter=layer-skip&draftLength=constant:4")
                                .optOption("drafter", "none"));
        assertThat(count(answer, "drafted_tokens")).isZero();
    }

    @Test
    void aUrlGivesDefaultsOfRequestsToo() throws Exception {
        Criteria<String, String> criteria =
                Criteria.builder()
                        .setTypes(String.class, String.class)
                        .optModelUrls(
                                "slipstream:storyteller-7m?drafter=prompt-lookup&max_new_tokens=1&do_sample=false")
                        .build();
        try (ZooModel<String, String> model = criteria.loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertThat(predictor.predict(PROMPT)).isNotEmpty().hasSizeLessThan(20);
        }
    }

    @Test
    void anotherModelDrafts() throws Exception {
        assertDrafted(
                model("slipstream:storyteller-7m")
                        .optOption("drafter", "model")
                        .optOption("draftModel", "storyteller-7m")
                        .optOption("draftLength", "constant:3"));
    }

    @Test
    void theCacheIsKeptInItsFile(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("prefixes");
        String url = "slipstream:storyteller-7m?prefixCacheBytes=8000000&prefixCacheFile=" + file;
        JsonObject first = answer(model(url));
        assertThat(file).exists();
        JsonObject second = answer(model(url));
        assertThat(count(first, "cached_tokens")).isZero();
        assertThat(count(second, "cached_tokens")).isPositive();
        assertThat(second.get("generated_text")).isEqualTo(first.get("generated_text"));
        Files.delete(file);
    }

    @Test
    void withoutACacheNothingIsRemembered() throws Exception {
        try (ZooModel<Input, Output> model =
                        model("slipstream:storyteller-7m?prefixCacheBytes=0&maxActive=2")
                                .optOption("prefillChunk", "16")
                                .build()
                                .loadModel();
                Predictor<Input, Output> predictor = model.newPredictor()) {
            JsonObject first = answer(predictor);
            JsonObject second = answer(predictor);
            assertThat(count(second, "cached_tokens")).isZero();
            assertThat(second.get("generated_text")).isEqualTo(first.get("generated_text"));
        }
    }

    @Test
    void saysWhichOptionIsWrong() {
        assertRefused("drafter", "guess", "expected one of", "prompt-lookup", "'guess'");
        assertRefused("draftMinMatch", "0", "expected a whole number of 1", "'0'");
        assertRefused("draftLength", "long", "\"long\" is no rule", "constant:4");
        assertRefused("draftCache", "none", "expected one of [shared, own]", "'none'");
        assertRefused("draftDiffuspec", "beam=0", "beam: expected 1 to 1000, found 0");
        assertRefused("draftChain", "none", "expected drafters other than", "[none]");
        assertRefused("draftWidth", "64", "expected the option drafter beside it");
        assertRefused("draftWitdh", "64", "no option of that name", "draftWidth");
        assertRefused("prefixCache", "64MB", "no option of that name", "prefixCacheBytes");
        assertRefused("prefixCacheBytes", "-1", "expected 0 or more", "-1");
        assertRefused("prefillChunk", "0", "expected 1 or more", "0");
        assertRefused("keyValueBytes", "2GB", "expected a whole number", "2GB");
    }

    private static void assertRefused(String option, String value, String... parts) {
        assertThatThrownBy(
                        () ->
                                model("slipstream:storyteller-7m")
                                        .optOption(option, value)
                                        .build()
                                        .loadModel())
                .isInstanceOf(MalformedModelException.class)
                .hasMessageStartingWith("option " + option + ": ")
                .hasMessageContainingAll(parts);
    }

    @Test
    void saysWhichPartOfAUrlIsWrong() {
        assertThatThrownBy(() -> model("slipstream:storyteller-7m?draftr=prompt-lookup"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("option draftr", "expected one of", "drafter", "top_k");
    }

    @Test
    void aDrafterIsNoArgument() {
        assertThatThrownBy(
                        () ->
                                model("slipstream:storyteller-7m")
                                        .optArgument("drafter", "prompt-lookup")
                                        .build()
                                        .loadModel())
                .isInstanceOf(ModelNotFoundException.class)
                .rootCause()
                .hasMessageContainingAll("criteria argument drafter", "optOption");
    }
}
