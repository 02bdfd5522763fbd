package dev.slipstream.spring.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Plain continuations and the list of models, as a client of OpenAI's interface sees them. */
class CompletionsTest {
    private static final ScriptedGenerator MODEL = new ScriptedGenerator("alphabet", false);
    private static final ScriptedGenerator OTHER = new ScriptedGenerator("other", true);
    private static OpenAiServer server;

    @BeforeAll
    static void start() {
        server = OpenAiServer.start(List.of(MODEL, OTHER));
    }

    @AfterAll
    static void stop() {
        server.close();
        assertThat(MODEL.open).hasValue(0);
    }

    @Test
    void listsTheModels() {
        JsonNode json = server.get("/v1/models").json();

        assertThat(json.path("object").stringValue()).isEqualTo("list");
        assertThat(json.path("data").valueStream().map(m -> m.path("id").stringValue()))
                .containsExactly("alphabet", "other");
        JsonNode model = server.get("/v1/models/other").json();
        assertThat(model).isEqualTo(json.path("data").path(1));
        assertThat(model.path("object").stringValue()).isEqualTo("model");
        assertThat(model.path("owned_by").stringValue()).isEqualTo("slipstream");
        assertThat(model.path("created").asLong()).isGreaterThan(1_700_000_000L);
        assertThat(model.path("context_length").asInt()).isEqualTo(64);
        assertThat(model.path("chat_template").asBoolean()).isTrue();
    }

    @Test
    void continuesAText() {
        JsonNode json =
                server.complete("\"model\":\"other\",\"prompt\":\"xy\",\"max_tokens\":2").json();

        assertThat(json.path("id").stringValue()).startsWith("cmpl-");
        assertThat(json.path("object").stringValue()).isEqualTo("text_completion");
        assertThat(json.path("model").stringValue()).isEqualTo("other");
        assertThat(json.path("choices").toString())
                .isEqualTo("[{\"index\":0,\"text\":\"ab\",\"finish_reason\":\"length\"}]");
        assertThat(json.path("usage").toString()).isEqualTo(ScriptedGenerator.usage(2, 2, 1));
    }

    @Test
    void saysStopWhereTheModelEnds() {
        JsonNode json = server.complete("\"prompt\":\"x\",\"max_tokens\":50").json();

        assertThat(json.path("choices").path(0).path("text").stringValue())
                .isEqualTo("abcdefghijklmnopqrstuvwxyz");
        assertThat(json.path("choices").path(0).path("finish_reason").stringValue())
                .isEqualTo("stop");
    }

    @Test
    void continuesSeveralPromptsInTheirOrder() {
        JsonNode json =
                server.complete(
                                "\"prompt\":[\"xy\",\"z\"],\"n\":2,\"seed\":1,\"max_tokens\":1,"
                                        + "\"best_of\":1,\"echo\":false,\"suffix\":\"\"")
                        .json();

        assertThat(json.path("choices").valueStream().map(c -> c.path("text").stringValue()))
                .containsExactly("b", "c", "b", "c");
        assertThat(
                        MODEL
                                .prompts
                                .subList(MODEL.prompts.size() - 4, MODEL.prompts.size())
                                .stream()
                                .map(p -> p.text()))
                .containsExactly("xy", "xy", "z", "z");
        assertThat(json.path("usage").toString()).isEqualTo(ScriptedGenerator.usage(3, 4, 1));
    }

    @Test
    void takesTokenIds() {
        assertThat(server.complete("\"prompt\":[5,127]").status()).isEqualTo(200);
        assertThat(MODEL.prompts.get(MODEL.prompts.size() - 1).ids()).containsExactly(5, 127);

        assertThat(server.complete("\"prompt\":[[1],[2,3]]").status()).isEqualTo(200);
        assertThat(MODEL.prompts.get(MODEL.prompts.size() - 2).ids()).containsExactly(1);
        assertThat(MODEL.prompts.get(MODEL.prompts.size() - 1).ids()).containsExactly(2, 3);
    }

    @Test
    void streams() {
        OpenAiServer.Answer answer =
                server.complete(
                        "\"prompt\":\"x\",\"max_tokens\":2,\"stream\":true,"
                                + "\"stream_options\":{\"include_usage\":true}");

        List<JsonNode> events = answer.events();
        assertThat(events.stream().limit(4).map(e -> e.path("choices").toString()))
                .containsExactly(
                        "[{\"index\":0,\"text\":\"a\",\"finish_reason\":null}]",
                        "[{\"index\":0,\"text\":\"b\",\"finish_reason\":null}]",
                        "[{\"index\":0,\"text\":\"\",\"finish_reason\":\"length\"}]",
                        "[]");
        assertThat(events.get(3).path("usage").toString())
                .isEqualTo(ScriptedGenerator.usage(1, 2, 0));
        assertThat(events.get(4).stringValue()).isEqualTo("[DONE]");
    }

    @Test
    void reportsLogProbabilitiesInTheOldForm() {
        String expected =
                "{\"tokens\":[\"a\",\"b\"],\"token_logprobs\":[-0.5,-0.5],\"top_logprobs\":["
                        + "{\"a\":-0.5,\"\uFFFD\":-1.5},{\"b\":-0.5,\"\uFFFD\":-1.5}],"
                        + "\"text_offset\":[0,1]}";
        JsonNode whole = server.complete("\"prompt\":\"x\",\"max_tokens\":2,\"logprobs\":2").json();
        assertThat(whole.path("choices").path(0).path("logprobs").toString()).isEqualTo(expected);

        List<JsonNode> events =
                server.complete("\"prompt\":\"x\",\"max_tokens\":2,\"logprobs\":0,\"stream\":true")
                        .events();
        assertThat(events.get(1).path("choices").path(0).path("logprobs").toString())
                .isEqualTo(
                        "{\"tokens\":[\"b\"],\"token_logprobs\":[-0.5],\"top_logprobs\":[{}],"
                                + "\"text_offset\":[1]}");
    }
}
