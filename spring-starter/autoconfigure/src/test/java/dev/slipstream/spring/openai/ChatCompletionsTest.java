package dev.slipstream.spring.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.GenerationOptions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Chats as a client of OpenAI's interface sees them. */
class ChatCompletionsTest {
    private static final ScriptedGenerator MODEL = new ScriptedGenerator("alphabet", true);
    private static final ScriptedGenerator STORIES = new ScriptedGenerator("stories", false);
    private static OpenAiServer server;

    @BeforeAll
    static void start() {
        server = OpenAiServer.start(List.of(MODEL, STORIES));
    }

    @AfterAll
    static void stop() {
        server.close();
        assertThat(MODEL.open).hasValue(0);
    }

    @Test
    void answersWithTheModelsOwnDefaults() {
        OpenAiServer.Answer answer = server.chat("");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        JsonNode json = answer.json();
        assertThat(json.path("id").stringValue()).matches("chatcmpl-[0-9a-f]{32}");
        assertThat(json.path("object").stringValue()).isEqualTo("chat.completion");
        assertThat(json.path("created").asLong()).isGreaterThan(1_700_000_000L);
        assertThat(json.path("model").stringValue()).isEqualTo("alphabet");
        assertThat(json.path("system_fingerprint").stringValue()).matches("fp_[0-9a-f]{8}");
        assertThat(json.path("choices").toString())
                .isEqualTo(
                        "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"abcde\"},"
                                + "\"finish_reason\":\"length\"}]");
        assertThat(json.path("usage").toString()).isEqualTo(ScriptedGenerator.usage(1, 5, 0));
        assertThat(MODEL.options.get(MODEL.options.size() - 1)).isEqualTo(MODEL.defaults());
    }

    @Test
    void passesEveryParameterToTheModel() {
        server.chat(
                "\"model\":\"alphabet\",\"max_tokens\":9,\"max_completion_tokens\":3,"
                        + "\"temperature\":0,\"top_p\":0.5,\"top_k\":3,\"min_p\":0.1,"
                        + "\"weight\":2.5,\"slipstream\":{\"effort\":\"fast\","
                        + "\"skip_threshold\":0.9,\"skip_count\":2,\"skip_warm_up\":5},"
                        + "\"repetition_penalty\":1.5,\"presence_penalty\":0.2,"
                        + "\"frequency_penalty\":-0.3,\"logit_bias\":{\"97\":-100,\"5\":1.5},"
                        + "\"seed\":-7,\"stop\":[\"y\",\"z\"],\"logprobs\":true,"
                        + "\"top_logprobs\":4,\"user\":\"u\",\"store\":true,"
                        + "\"metadata\":{\"a\":\"b\"},\"response_format\":{\"type\":\"text\"}");

        assertThat(MODEL.options.get(MODEL.options.size() - 1))
                .isEqualTo(
                        GenerationOptions.builder()
                                .maxTokens(3)
                                .temperature(0)
                                .topP(0.5)
                                .topK(3)
                                .minP(0.1)
                                .weight(2.5)
                                .effort(new EffortRequest("fast", null, 0.9, 2, 5))
                                .repetitionPenalty(1.5)
                                .presencePenalty(0.2)
                                .frequencyPenalty(-0.3)
                                .logitBias(Map.of(97, -100.0, 5, 1.5))
                                .seed(-7L)
                                .stopStrings(List.of("y", "z"))
                                .topLogProbabilities(4)
                                .build());
    }

    @Test
    void takesATimeOfATokenAndTellsWhatGatesLeftOut() {
        OpenAiServer.Answer answer =
                server.chat("\"max_tokens\":5,\"slipstream\":{\"ms_per_token\":2.5}");

        assertThat(MODEL.options.get(MODEL.options.size() - 1).effort())
                .isEqualTo(EffortRequest.NONE.withMillisPerToken(2.5));
        assertThat(answer.json().path("usage").path("slipstream").toString())
                .isEqualTo(
                        "{\"skipped_sublayers\":10,\"gated_sublayers\":40,\"skipped_share\":0.25}");
    }

    @Test
    void takesNullForAbsent() {
        OpenAiServer.Answer answer =
                server.chat(
                        "\"slipstream\":{\"effort\":null},\"temperature\":null,\"stop\":null,\"n\":null,\"tools\":null,"
                                + "\"stream\":null,\"logit_bias\":null,\"response_format\":null,"
                                + "\"tool_choice\":null,\"functions\":null,\"model\":null");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(MODEL.options.get(MODEL.options.size() - 1)).isEqualTo(MODEL.defaults());
    }

    @Test
    void streamsOneEventForEachPiece() {
        OpenAiServer.Answer answer =
                server.chat(
                        "\"stream\":true,\"stop\":\"c\",\"stream_options\":{\"include_usage\":true}");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("content-type")).startsWith("text/event-stream");
        assertThat(answer.header("cache-control")).isEqualTo("no-cache");
        List<JsonNode> events = answer.events();
        assertThat(events).hasSize(6);
        assertThat(events.stream().limit(4).map(e -> e.path("choices").toString()))
                .containsExactly(
                        "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
                                + "\"finish_reason\":null}]",
                        "[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]",
                        "[{\"index\":0,\"delta\":{\"content\":\"b\"},\"finish_reason\":null}]",
                        "[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]");
        assertThat(events.get(4).path("choices").toString()).isEqualTo("[]");
        assertThat(events.get(4).path("usage").toString())
                .isEqualTo(ScriptedGenerator.usage(1, 2, 0));
        assertThat(events.get(5).stringValue()).isEqualTo("[DONE]");
        assertThat(events.stream().limit(5).map(e -> e.path("id").stringValue()).distinct())
                .hasSize(1);
        assertThat(events.get(0).path("object").stringValue()).isEqualTo("chat.completion.chunk");
    }

    @Test
    void leavesUsageOutOfStreamsThatDoNotAskForIt() {
        List<JsonNode> events = server.chat("\"stream\":true,\"max_tokens\":1").events();

        assertThat(events).hasSize(4);
        assertThat(events).noneMatch(event -> event.has("usage"));
    }

    @Test
    void givesSeveralTextsWithSeedsThatCountUp() {
        JsonNode json = server.chat("\"n\":3,\"seed\":4,\"max_tokens\":2").json();

        assertThat(json.path("choices").valueStream().map(ChatCompletionsTest::content))
                .containsExactly("ef", "fg", "gh");
        assertThat(json.path("choices").valueStream().map(c -> c.path("index").asInt()))
                .containsExactly(0, 1, 2);
        assertThat(json.path("usage").toString()).isEqualTo(ScriptedGenerator.usage(1, 6, 0));
    }

    @Test
    void streamsSeveralTextsWithTheirIndex() {
        List<JsonNode> events =
                server.chat("\"n\":2,\"seed\":0,\"max_tokens\":1,\"stream\":true").events();

        assertThat(
                        events.stream()
                                .filter(JsonNode::isObject)
                                .map(e -> e.path("choices").path(0))
                                .map(
                                        c ->
                                                c.path("index")
                                                        + c.path("delta")
                                                                .path("content")
                                                                .stringValue("")))
                .containsExactly("0", "0a", "0", "1", "1b", "1");
    }

    @Test
    void reportsLogProbabilities() {
        JsonNode json = server.chat("\"logprobs\":true,\"top_logprobs\":3,\"max_tokens\":1").json();

        assertThat(json.path("choices").path(0).path("logprobs").toString())
                .isEqualTo(
                        "{\"content\":[{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":[97],"
                                + "\"top_logprobs\":["
                                + "{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":[97]},"
                                + "{\"token\":\"\uFFFD\",\"logprob\":-1.5,\"bytes\":null},"
                                + "{\"token\":\"c\",\"logprob\":-9999.0,\"bytes\":[99]}]}]}");
    }

    @Test
    void streamsLogProbabilitiesWithTheirPiece() {
        List<JsonNode> events =
                server.chat("\"logprobs\":true,\"max_tokens\":1,\"stream\":true").events();

        assertThat(events.get(1).path("choices").path(0).path("logprobs").toString())
                .isEqualTo(
                        "{\"content\":[{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":[97],"
                                + "\"top_logprobs\":[]}]}");
    }

    @Test
    void readsAllRolesPartsToolsAndCalls() {
        OpenAiServer.Answer answer =
                server.post(
                        "/v1/chat/completions",
                        """
                        {"messages": [
                          {"role": "developer", "content": "Be brief."},
                          {"role": "system", "content": "Be kind."},
                          {"role": "user", "name": "ann", "content": [
                            {"type": "text", "text": "Weather"}, {"type": "text", "text": "here?"}]},
                          {"role": "assistant", "content": null, "tool_calls": [
                            {"id": "c1", "type": "function",
                             "function": {"name": "weather", "arguments": "{\\"days\\": [1, 2]}"}}]},
                          {"role": "tool", "tool_call_id": "c1", "content": "sun"}],
                         "tools": [{"type": "function", "function": {
                            "name": "weather", "description": "d",
                            "parameters": {"type": "object"}}}],
                         "tool_choice": "auto", "parallel_tool_calls": true}
                        """);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(MODEL.messages)
                .containsExactly(
                        ChatMessage.system("Be brief."),
                        ChatMessage.system("Be kind."),
                        new ChatMessage(
                                ChatMessage.Role.USER, "Weather\nhere?", List.of(), null, "ann"),
                        new ChatMessage(
                                ChatMessage.Role.ASSISTANT,
                                "",
                                List.of(
                                        new ChatMessage.ToolCall(
                                                "c1", "weather", Map.of("days", List.of(1, 2)))),
                                null,
                                null),
                        ChatMessage.tool("c1", "sun"));
        assertThat(MODEL.tools)
                .containsExactly(new ChatMessage.Tool("weather", "d", Map.of("type", "object")));
    }

    @Test
    void keepsToolsFromTheModelWhenNoneIsToBeCalled() {
        String tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";

        assertThat(server.chat(tools + ",\"tool_choice\":\"none\"").status()).isEqualTo(200);
        assertThat(MODEL.tools).isEmpty();
    }

    @Test
    void refusesToolsForAModelThatCannotBeToldOfThem() {
        OpenAiServer.Answer answer =
                server.chat(
                        "\"model\":\"stories\",\"tools\":[{\"type\":\"function\","
                                + "\"function\":{\"name\":\"f\"}}]");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error().path("param").stringValue()).isEqualTo("tools");
        assertThat(answer.error().path("message").stringValue())
                .contains("stories has no chat template");
    }

    private static String content(JsonNode choice) {
        return choice.path("message").path("content").stringValue();
    }
}
