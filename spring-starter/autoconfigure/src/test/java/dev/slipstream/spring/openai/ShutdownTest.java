package dev.slipstream.spring.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.GenerationOptions;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers that are being written when the application is told to end. */
@Timeout(60)
class ShutdownTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final String ERROR =
            "data: {\"error\":{\"message\":\"The server is shutting down and ended this answer\","
                    + "\"type\":\"server_error\",\"param\":null,\"code\":\"server_shutting_down\"}}";

    private final ScriptedGenerator model = new ScriptedGenerator("alphabet", true);

    /** Begins a stream and returns its lines once it is admitted. */
    private static Stream<String> stream(OpenAiServer server, String prompt)
            throws IOException, InterruptedException {
        String json = "{\"prompt\":\"" + prompt + "\",\"max_tokens\":3,\"stream\":true}";
        HttpResponse<Stream<String>> response =
                CLIENT.send(
                        HttpRequest.newBuilder(server.uri("/v1/completions"))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(json))
                                .build(),
                        HttpResponse.BodyHandlers.ofLines());
        assertThat(response.statusCode()).isEqualTo(200);
        return response.body();
    }

    @Test
    void gracefulShutdownWaitsForTheAnswersAndThenClosesTheModels() throws Exception {
        OpenAiServer server = OpenAiServer.start(List.of(model), "server.shutdown=graceful");
        CountDownLatch closing = new CountDownLatch(1);
        server.onClosing(closing::countDown);
        Stream<String> lines = stream(server, ScriptedGenerator.GATED);
        CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close);
        closing.await();
        assertThat(model.openWhenClosed).hasValue(-1);
        model.gate.countDown();

        assertThat(lines.filter(line -> !line.isEmpty() && !line.equals(":")))
                .hasSize(5)
                .last()
                .isEqualTo("data: [DONE]");
        closed.join();
        assertThat(model.openWhenClosed).hasValue(0);
    }

    @Test
    void streamThatIsNotWaitedForEndsWithAnErrorBeforeTheModelsAreClosed() throws Exception {
        OpenAiServer server = OpenAiServer.start(List.of(model));
        Stream<String> first = stream(server, ScriptedGenerator.SILENT);
        Stream<String> second = stream(server, ScriptedGenerator.SILENT);
        server.close();

        for (Stream<String> lines : List.of(first, second)) {
            assertThat(lines.filter(line -> !line.isEmpty() && !line.equals(":")))
                    .containsExactly(ERROR);
        }
        assertThat(model.openWhenClosed).hasValue(0);
    }

    @Test
    void requestsAreRefusedOnceTheAnswersHaveBeenEnded() {
        try (OpenAiServer server = OpenAiServer.start(List.of(model))) {
            server.stopAnswers();
            OpenAiServer.Answer refused = server.complete("\"prompt\":\"x\"");
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.error().path("code").stringValue())
                    .isEqualTo("server_shutting_down");
            assertThat(model.open).hasValue(0);
        }
    }

    @Test
    void requestThatIsEndedBetweenTwoTextsIsNotComplete() {
        try (Choices choices =
                new Choices(
                        model,
                        List.of(model.prompt("x")),
                        2,
                        GenerationOptions.builder().maxTokens(1).build())) {
            choices.stream().readAll();
            choices.cancel();
            assertThat(choices.next()).isFalse();
            assertThat(choices.isComplete()).isFalse();
        }
    }

    @Test
    void requestWhoseTextsHaveAllEndedIsComplete() {
        try (Choices choices =
                new Choices(
                        model,
                        List.of(model.prompt("x")),
                        1,
                        GenerationOptions.builder().maxTokens(1).build())) {
            choices.stream().readAll();
            assertThat(choices.next()).isFalse();
            choices.cancel();
            assertThat(choices.isComplete()).isTrue();
        }
    }
}
