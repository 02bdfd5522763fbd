package dev.slipstream.samples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.Statistics;
import dev.slipstream.spring.ai.SlipstreamChatModel;
import dev.slipstream.spring.ai.SlipstreamChatOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The service with models that a plan changes, as application.yml describes them. */
class PlannedModelsTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private static final String MODELS =
            """
                elastic-tales:
                  location: storyteller-7m
                  weights: fp32
                  passes:
                    - remove:sub-layers=attention.5
                  gates:
                    - elastic
                    - switch:sub-layers=(attention.3,feed-forward.3)
                  generation:
                    effort: balanced
                skipping-tales:
                  location: storyteller-7m
                  gates: ffn-skip:cold-start=2,cold-end=8,threshold=0.1,count=2,warm-up=0
            """;

    @TempDir private static Path directory;

    private static String firstStart = "";
    private static String secondStart = "";
    private static @Nullable ConfigurableApplicationContext application;

    @BeforeAll
    static void startTwice() throws IOException {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        start(MODELS, console).close();
        firstStart = console.toString(StandardCharsets.UTF_8);
        console.reset();
        application = start(MODELS, console);
        secondStart = console.toString(StandardCharsets.UTF_8);
    }

    @AfterAll
    static void stop() {
        context().close();
    }

    private static ConfigurableApplicationContext context() {
        if (application == null) {
            throw new AssertionError("not started");
        }
        return application;
    }

    private static ConfigurableApplicationContext start(
            String models, ByteArrayOutputStream console) throws IOException {
        Path file =
                Files.writeString(
                        directory.resolve("application.yml"),
                        """
                        slipstream:
                          cache-directory: %s
                          openai:
                            enabled: true
                          models:
                        """
                                        .formatted(directory.resolve("cache"))
                                + models
                                + """
                                management:
                                  endpoint.health.show-details: always
                                  endpoints.web.exposure.include: health, prometheus
                                """);
        PrintStream before = System.out;
        System.setOut(new PrintStream(console, true, StandardCharsets.UTF_8));
        try {
            return SpringApplication.run(
                    ChatServiceApplication.class,
                    "--server.port=0",
                    "--spring.config.location=" + file.toUri());
        } finally {
            System.setOut(before);
        }
    }

    @Test
    void theSecondStartTakesWhatTheFirstMade() {
        assertThat(firstStart)
                .contains("storyteller-7m: applies remove:sub-layers=attention.5")
                .contains("storyteller-7m: applies elastic")
                .contains("storyteller-7m: applies ffn-skip")
                .contains("storyteller-7m: applies quantise:weights=int8")
                .doesNotContain("no pass has to work");
        assertThat(secondStart)
                .containsSubsequence(
                        "no pass has to work, the result is taken from",
                        "Opened model elastic-tales",
                        "no pass has to work, the result is taken from",
                        "Opened model skipping-tales")
                .doesNotContain(": applies ");
    }

    @Test
    void requestsSayHowMuchIsComputed() throws Exception {
        // A narrower feed-forward is computed; only what is switched off is left out.
        assertThat(skippedShare("elastic-tales", "\"effort\":\"fast\"")).isEqualTo(1);
        assertThat(skippedShare("elastic-tales", "\"effort\":\"best\"")).isZero();
        String balanced = text("elastic-tales", "\"effort\":\"balanced\"");
        assertThat(text("elastic-tales", "")).isEqualTo(balanced);
        assertThat(text("elastic-tales", "\"effort\":\"best\"")).isNotEqualTo(balanced);
        assertThat(text("elastic-tales", "\"effort\":\"fast\"")).isNotEqualTo(balanced);
        assertThat(skippedShare("skipping-tales", "")).isZero();
        assertThat(skippedShare("skipping-tales", "\"effort\":\"fast\"")).isPositive();
        assertThat(skippedShare("skipping-tales", "\"skip_threshold\":-1,\"skip_warm_up\":0"))
                .isPositive();
        assertThat(skippedShare("skipping-tales", "\"skip_threshold\":2")).isZero();
        assertThat(get("/actuator/prometheus"))
                .containsPattern(
                        "slipstream_sublayers_skipped_total\\{.*model=\"elastic-tales\".*} [1-9]")
                .containsPattern(
                        "slipstream_sublayers_skipped_total\\{.*model=\"skipping-tales\".*} [1-9]");
    }

    @Test
    void whatAModelDoesNotOfferIsRefused() throws Exception {
        JsonNode error = complete("elastic-tales", "\"skip_count\":2").path("error");
        assertThat(error.path("param").stringValue()).isEqualTo("slipstream.skip_count");
        error = complete("elastic-tales", "\"effort\":\"none\"").path("error");
        assertThat(error.path("param").stringValue()).isEqualTo("slipstream.effort");
        assertThat(error.path("message").stringValue()).contains("best, balanced, fast");
    }

    @Test
    void springAiSaysItTooAndLearnsWhatWasSkipped() {
        SlipstreamChatModel model = context().getBean(SlipstreamChatModel.class);
        for (String effort : new String[] {"best", "fast"}) {
            ChatResponse response =
                    model.call(
                            new Prompt(
                                    "Once upon a time",
                                    SlipstreamChatOptions.builder()
                                            .model("elastic-tales")
                                            .effort(effort)
                                            .maxTokens(8)
                                            .build()));
            Statistics statistics = (Statistics) response.getMetadata().getUsage().getNativeUsage();
            assertThat(statistics.work().skippedShare() > 0).isEqualTo(effort.equals("fast"));
        }
    }

    @Test
    void modelsAndHealthTellWhatWasDone() throws Exception {
        JsonNode model = json(get("/v1/models/elastic-tales")).path("slipstream");
        assertThat(texts(model.path("passes")))
                .containsExactly(
                        "remove:sub-layers=attention.5",
                        "elastic",
                        "switch:sub-layers=(attention.3,feed-forward.3)");
        assertThat(texts(model.path("efforts"))).containsExactly("best", "balanced", "fast");
        JsonNode health =
                json(get("/actuator/health"))
                        .path("components")
                        .path("slipstream")
                        .path("details")
                        .path("skipping-tales");
        assertThat(texts(health.path("passes")))
                .containsExactly(
                        "ffn-skip:cold-start=2,cold-end=8,threshold=0.1,count=2,warm-up=0",
                        "quantise:weights=int8");
        assertThat(texts(health.path("efforts"))).startsWith("best");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "gates: [elastic, nope]|gates[1]|expected one of the passes",
                "gates: [elastic, 'switch:sub-layers=attention.77']|gates[1]|attention.77",
                "passes: remove:sub-layers=attention.77|passes|attention.77",
                "passes: [remove:sub-layers=attention.1, finercut]|passes[1]|calibration text",
                "plan: none.yml|plan|found no file",
                "generation: {effort: balanced}|generation.effort|expected best, or nothing",
                "generation: {skip-count: 2}|generation.skip-count|skips no feed-forwards",
                "generation: {millis-per-token: 1}|generation.millis-per-token|no gates",
                "{gates: [elastic], generation: {effort: least}}|generation.effort|best, balanced, fast",
                "{passes: finercut, calibration.text: /none/text.txt}|calibration.text|found none",
            })
    void wrongPlansStopTheStart(String properties, String named, String reason) throws IOException {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        String flow = properties.startsWith("{") ? properties : "{" + properties + "}";
        ConfigurableApplicationContext started = null;
        try {
            started =
                    start(
                            "    tales: {location: storyteller-7m, %s\n"
                                    .formatted(flow.substring(1)),
                            console);
        } catch (RuntimeException e) {
            assertThat(console.toString(StandardCharsets.UTF_8))
                    .contains("APPLICATION FAILED TO START")
                    .contains("Property 'slipstream.models.tales." + named + "' has the value '")
                    .contains("application.yml")
                    .contains(reason);
            return;
        }
        started.close();
        throw new AssertionError("started with " + properties);
    }

    private static String text(String model, String slipstream) throws Exception {
        return complete(model, slipstream).path("choices").path(0).path("text").stringValue();
    }

    private static double skippedShare(String model, String slipstream) throws Exception {
        JsonNode usage = complete(model, slipstream).path("usage").path("slipstream");
        assertThat(usage.path("gated_sublayers").asLong()).isPositive();
        return usage.path("skipped_share").asDouble();
    }

    private static JsonNode complete(String model, String slipstream) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(uri("/v1/completions"))
                        .header("Content-Type", "application/json")
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        """
                                        {"model": "%s", "prompt": "Once upon a time", "max_tokens": 40,
                                         "seed": 1, "slipstream": {%s}}
                                        """
                                                .formatted(model, slipstream)))
                        .build();
        return json(CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }

    private static List<String> texts(JsonNode list) {
        return list.valueStream().map(JsonNode::stringValue).toList();
    }

    private static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text);
    }

    private static String get(String path) throws Exception {
        return CLIENT.send(
                        HttpRequest.newBuilder(uri(path)).build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static URI uri(String path) {
        String port = context().getEnvironment().getRequiredProperty("local.server.port");
        return URI.create("http://localhost:" + port + path);
    }
}
