package dev.slipstream.spring.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.schedule.QueuedGenerator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** More clients than places. */
class QueueTest {
    private static final int CLIENTS = 200;

    private final ScriptedGenerator model = new ScriptedGenerator("alphabet", true);
    private final QueuedGenerator queue = new QueuedGenerator(model, 2, 8);

    @Test
    void answersAsManyAsFitAndTurnsTheOthersAway() throws Exception {
        try (OpenAiServer server = OpenAiServer.start(List.of(queue))) {
            CountDownLatch turnedAway = new CountDownLatch(CLIENTS - 10);
            List<CompletableFuture<OpenAiServer.Answer>> answers = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                answers.add(
                        server.begin("\"prompt\":\"" + ScriptedGenerator.GATED + "\"")
                                .whenComplete(
                                        (answer, failure) -> {
                                            if (answer != null && answer.status() == 429) {
                                                turnedAway.countDown();
                                            }
                                        }));
            }
            assertThat(turnedAway.await(120, TimeUnit.SECONDS)).isTrue();
            model.gate.countDown();

            int answered = 0;
            for (CompletableFuture<OpenAiServer.Answer> future : answers) {
                OpenAiServer.Answer answer = future.get(120, TimeUnit.SECONDS);
                if (answer.status() == 429) {
                    assertThat(Integer.parseInt(answer.header("retry-after"))).isPositive();
                    assertThat(answer.error().path("type").stringValue())
                            .isEqualTo("rate_limit_error");
                    assertThat(answer.error().path("code").stringValue()).isEqualTo("queue_full");
                } else {
                    assertThat(answer.status()).isEqualTo(200);
                    assertThat(answer.json().path("choices").path(0).path("text").stringValue())
                            .isEqualTo("abcde");
                    answered++;
                }
            }
            assertThat(answered).isEqualTo(10);
            assertThat(model.open).hasValue(0);
        }
    }

    @Test
    void needsOnePlaceForManyTexts() {
        QueuedGenerator narrow = new QueuedGenerator(model, 1, 0);
        try (OpenAiServer server = OpenAiServer.start(List.of(narrow))) {
            OpenAiServer.Answer answer = server.complete("\"prompt\":[\"x\",\"y\"],\"n\":4");

            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json().path("choices").size()).isEqualTo(8);
        }
    }

    @Test
    void waitsForAPlaceForTheNextText() {
        QueuedGenerator narrow = new QueuedGenerator(model, 1, 0);
        try (OpenAiServer server = OpenAiServer.start(List.of(narrow))) {
            List<CompletableFuture<OpenAiServer.Answer>> answers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                answers.add(server.begin("\"prompt\":\"x\",\"n\":8,\"stream\":true"));
            }
            for (CompletableFuture<OpenAiServer.Answer> future : answers) {
                OpenAiServer.Answer answer = future.join();
                assertThat(answer.status()).isIn(200, 429);
                if (answer.status() == 200) {
                    assertThat(answer.body())
                            .contains("\"index\":7", "data: [DONE]")
                            .doesNotContain("error");
                }
            }
        }
    }
}
