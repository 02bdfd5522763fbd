package dev.slipstream.spring.openai;

import dev.slipstream.decode.TextGenerator;
import dev.slipstream.schedule.QueuedGenerator;
import dev.slipstream.schedule.SharedGenerator;
import dev.slipstream.spring.autoconfigure.SlipstreamModels;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.support.GenericApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A web application on a port of its own that serves the given models, and a client of it. */
final class OpenAiServer implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final ConfigurableApplicationContext application;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final int port;

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    private OpenAiServer(ConfigurableApplicationContext application) {
        this.application = application;
        this.port = ((ServletWebServerApplicationContext) application).getWebServer().getPort();
    }

    /** Starts a server whose first model is the default. */
    static OpenAiServer start(List<? extends TextGenerator> models, String... properties) {
        SpringApplication application = new SpringApplication(Application.class);
        application.addInitializers(
                context ->
                        ((GenericApplicationContext) context)
                                .registerBean(SlipstreamModels.class, () -> directory(models)));
        application.setDefaultProperties(Map.of("server.shutdown", "immediate"));
        String[] arguments =
                Stream.concat(
                                Stream.of(
                                        "--server.port=0",
                                        "--spring.main.banner-mode=off",
                                        "--slipstream.openai.enabled=true"),
                                Stream.of(properties).map(property -> "--" + property))
                        .toArray(String[]::new);
        return new OpenAiServer(application.run(arguments));
    }

    /** Returns models by their own names, the first one the default. */
    static SlipstreamModels directory(List<? extends TextGenerator> models) {
        Map<String, SharedGenerator> named = new LinkedHashMap<>();
        for (TextGenerator model : models) {
            named.put(
                    model.name(),
                    model instanceof SharedGenerator shared
                            ? shared
                            : new QueuedGenerator(model, 64, 64));
        }
        return SlipstreamModels.of(named, models.get(0).name());
    }

    /** An answer: status, headers, and a body of JSON or events. */
    record Answer(HttpResponse<String> response) {
        int status() {
            return response.statusCode();
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        String body() {
            return response.body();
        }

        JsonNode json() {
            return JSON.readTree(response.body());
        }

        /** Returns the data of all events, the closing [DONE] as a string. */
        List<JsonNode> events() {
            return Stream.of(response.body().split("\n\n"))
                    .filter(event -> event.startsWith("data: "))
                    .map(event -> event.substring(6))
                    .map(data -> JSON.readTree(data.equals("[DONE]") ? "\"[DONE]\"" : data))
                    .toList();
        }

        JsonNode error() {
            return json().path("error");
        }
    }

    Answer get(String path) {
        return send(HttpRequest.newBuilder(uri(path)).GET());
    }

    Answer post(String path, String json) {
        return send(
                HttpRequest.newBuilder(uri(path))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(json)));
    }

    Answer chat(String parameters) {
        return post(
                "/v1/chat/completions",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"
                        + (parameters.isEmpty() ? "" : ",")
                        + parameters
                        + "}");
    }

    Answer complete(String parameters) {
        return post("/v1/completions", "{" + parameters + "}");
    }

    Answer send(HttpRequest.Builder request) {
        try {
            return new Answer(client.send(request.build(), HttpResponse.BodyHandlers.ofString()));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sends a completion without waiting for its answer. */
    CompletableFuture<Answer> begin(String parameters) {
        return client.sendAsync(
                        HttpRequest.newBuilder(uri("/v1/completions"))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString("{" + parameters + "}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .thenApply(Answer::new);
    }

    URI uri(String path) {
        return URI.create("http://localhost:" + port + path);
    }

    /** Sends a request by hand and returns the connection with its answer unread. */
    Socket connect(String path, String json) throws IOException {
        Socket socket = new Socket("localhost", port);
        socket.setSoTimeout(60_000);
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        String head =
                "POST "
                        + path
                        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Content-Length: "
                        + body.length
                        + "\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().write(body);
        socket.getOutputStream().flush();
        return socket;
    }

    /** Runs something as soon as the application begins to close. */
    void onClosing(Runnable action) {
        ApplicationListener<ContextClosedEvent> listener = event -> action.run();
        application.addApplicationListener(listener);
    }

    /** Does what the application does with answers when it closes. */
    void stopAnswers() {
        application.getBean(RunningAnswers.class).stop();
    }

    @Override
    public void close() {
        application.close();
    }
}
