package dev.slipstream.samples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The service as it is shipped, with its real models. */
class ChatServiceApplicationTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static ConfigurableApplicationContext application;

    @BeforeAll
    static void start() {
        application = SpringApplication.run(ChatServiceApplication.class, "--server.port=0");
    }

    @AfterAll
    static void stop() {
        application.close();
    }

    @Test
    void showsThePage() throws Exception {
        HttpResponse<String> page = get("/");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("content-type").orElse("")).startsWith("text/html");
        assertThat(page.body()).contains("<title>Slipstream</title>").doesNotContain("https://");
    }

    @Test
    void offersTheEmbeddedModels() throws Exception {
        JsonNode models = JsonMapper.shared().readTree(get("/v1/models").body()).path("data");

        assertThat(models.valueStream().map(model -> model.path("id").stringValue()))
                .containsExactly("storyteller-7m", "babyllama105", "stories260k");
    }

    @Test
    void streamsTheTextThatItAlsoGivesWhole() throws Exception {
        String request = "\"prompt\":\"Once upon a time\",\"max_tokens\":24,\"seed\":1";
        JsonNode whole = JsonMapper.shared().readTree(complete(request));
        String events = complete(request + ",\"stream\":true");

        StringBuilder streamed = new StringBuilder();
        for (String event : events.split("\n\n")) {
            if (event.startsWith("data: {")) {
                JsonNode json = JsonMapper.shared().readTree(event.substring(6));
                streamed.append(json.path("choices").path(0).path("text").stringValue());
            }
        }
        assertThat(events).endsWith("data: [DONE]\n\n");
        assertThat(streamed.toString())
                .isNotBlank()
                .isEqualTo(whole.path("choices").path(0).path("text").stringValue());
        assertThat(whole.path("usage").path("completion_tokens").asInt()).isEqualTo(24);
    }

    @Test
    void measuresItself() throws Exception {
        complete("\"prompt\":\"A fox\",\"max_tokens\":3");

        assertThat(get("/actuator/health").body()).contains("\"status\":\"UP\"");
        assertThat(get("/actuator/prometheus").body())
                .contains("slipstream_", "model=\"storyteller-7m\"");
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return CLIENT.send(
                HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String complete(String parameters) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(uri("/v1/completions"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString("{" + parameters + "}"))
                        .build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    private static URI uri(String path) {
        String port = application.getEnvironment().getRequiredProperty("local.server.port");
        return URI.create("http://localhost:" + port + path);
    }
}
