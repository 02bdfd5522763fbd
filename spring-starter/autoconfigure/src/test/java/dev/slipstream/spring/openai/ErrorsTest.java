package dev.slipstream.spring.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.http.HttpRequest;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Everything that is refused, with status, parameter and words. */
class ErrorsTest {
    private static final ScriptedGenerator MODEL = new ScriptedGenerator("alphabet", true);
    private static OpenAiServer server;

    @BeforeAll
    static void start() {
        server = OpenAiServer.start(List.of(MODEL), "slipstream.openai.max-request-size=1MB");
    }

    @AfterAll
    static void stop() {
        server.close();
        assertThat(MODEL.open).hasValue(0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            textBlock =
                    """
                    "temperature":"hot"                        | temperature | string "hot"
                    "temperature":"0.5"                        | temperature | string "0.5"
                    "temperature":1e999                        | temperature | found Infinity
                    "max_tokens":1.5                           | max_tokens | value 1.5
                    "max_tokens":99999999999                   | max_tokens | 99999999999
                    "stream":"yes"                             | stream | string "yes"
                    "model":5                                  | model | value 5
                    "n":0                                      | n | 1 to 8, found 0
                    "n":9                                      | n | 1 to 8, found 9
                    "weight":0                                 | weight | above 0 and at most 100
                    "weight":101                               | weight | found 101.0
                    "weight":"all"                             | weight | string "all"
                    "slipstream":5                             | slipstream | value 5
                    "slipstream":{"effort":5}                  | slipstream.effort | value 5
                    "slipstream":{"effort":""}                 | slipstream.effort | found an empty one
                    "slipstream":{"effort":"slow"}             | slipstream.effort | expected best or fast, found slow
                    "slipstream":{"ms_per_token":0}            | slipstream.ms_per_token | above 0
                    "slipstream":{"effort":"fast","ms_per_token":3} | slipstream.ms_per_token | found both
                    "slipstream":{"skip_threshold":-2}         | slipstream.skip_threshold | cosine from -1 to 1
                    "slipstream":{"skip_count":-1}             | slipstream.skip_count | 0 or more
                    "slipstream":{"skip_count":1.5}            | slipstream.skip_count | value 1.5
                    "slipstream":{"efort":"fast"}              | slipstream.efort | expected one of effort, ms_per_token, skip_threshold, skip_count, skip_warm_up
                    "slipstream":{"effort":"fast","x":null}    | slipstream.x | no such parameter
                    "slipstream":{"skip_warm_up":-1}           | slipstream.skip_warm_up | 0 or more
                    "seed":1e30                                | seed | wrong type or range
                    "stop":5                                   | stop | expected a string or a list of up to 4
                    "stop":["a","b","c","d","e"]               | stop | up to 4
                    "stop":["a",5]                             | stop[1] | expected a string
                    "logit_bias":{"x":1}                       | logit_bias | found x: 1.0
                    "logit_bias":{"128":1}                     | logit_bias | 0 to 127
                    "logit_bias":{"1":null}                    | logit_bias | found 1: null
                    "logit_bias":{"1":"a"}                     | logit_bias.1 | string "a"
                    "logit_bias":[1]                           | logit_bias | list [1]
                    "top_logprobs":2                           | top_logprobs | only allowed where logprobs is true
                    "stream_options":{"include_usage":true}    | stream_options | only allowed where stream is true
                    "response_format":{"type":"json_object"}   | response_format | json_object
                    "tool_choice":"required"                   | tool_choice | only "none" and "auto"
                    "tool_choice":{"type":"function"}          | tool_choice | only "none" and "auto"
                    "tools":[{"type":"code"}]                  | tools[0].type | found code
                    "tools":[{"type":"function"}]              | tools[0].function | missing
                    "functions":[]                             | functions | send tools instead
                    "function_call":"auto"                     | function_call | send tool_choice
                    "audio":{}                                 | audio | answers are text
                    "web_search_options":{}                    | web_search_options | no search
                    """)
    void refusesAChatParameter(String parameter, String param, String words) {
        OpenAiServer.Answer answer = server.chat(parameter);

        assertRefused(answer, param, words);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            textBlock =
                    """
                    "x"                                                  | messages | string "x"
                    []                                                   | messages | at least one
                    null                                                 | messages | at least one
                    [null]                                               | messages[0] | missing
                    [{"content":"a"}]                                    | messages[0].role | missing
                    [{"role":"robot","content":"a"}]                     | messages[0].role | found robot
                    [{"role":"user"}]                                    | messages[0].content | missing
                    [{"role":"user","content":5}]                        | messages[0].content | value 5
                    [{"role":"user","content":""}]                       | messages | empty
                    [{"role":"user","content":[{"type":"image_url"}]}]   | messages[0].content[0] | text only
                    [{"role":"tool","content":"a"}]                      | messages[0].tool_call_id | missing
                    [{"role":"user","content":"a","tool_calls":[{"id":"1","function":{"name":"f"}}]}] | messages[0].tool_calls | only an assistant
                    [{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{"}}]}] | messages[0].tool_calls[0].function.arguments | JSON object
                    [{"role":"user","content":"a","name":true}]          | messages[0].name | value true
                    """)
    void refusesMessages(String messages, String param, String words) {
        OpenAiServer.Answer answer =
                server.post("/v1/chat/completions", "{\"messages\":" + messages + "}");

        assertRefused(answer, param, words);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            textBlock =
                    """
                    "max_tokens":1                       | prompt | missing
                    "prompt":5                           | prompt | a list of token ids
                    "prompt":[]                          | prompt | a list of token ids
                    "prompt":""                          | prompt | empty
                    "prompt":["a",5]                     | prompt[1] | a list of strings
                    "prompt":["a",""]                    | prompt[1] | empty
                    "prompt":[1,128]                     | prompt[1] | 0 to 127
                    "prompt":[1,-1]                      | prompt[1] | 0 to 127
                    "prompt":[1,"a"]                     | prompt[1] | 0 to 127
                    "prompt":[[1],[]]                    | prompt[1] | a list of token ids
                    "prompt":["","","","","","","","","","","","","","","","",""] | prompt | up to 16
                    "prompt":"x","echo":true             | echo | not repeated
                    "prompt":"x","suffix":"y"            | suffix | only at their end
                    "prompt":"x","best_of":2             | best_of | not supported
                    "prompt":"x","logprobs":true         | logprobs | value true
                    """)
    void refusesACompletionParameter(String parameters, String param, String words) {
        OpenAiServer.Answer answer = server.complete(parameters);

        assertRefused(answer, param, words);
    }

    @Test
    void namesTheModelsThereAre() {
        for (OpenAiServer.Answer answer :
                List.of(server.chat("\"model\":\"gpt-4o\""), server.get("/v1/models/gpt-4o"))) {
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body())
                    .isEqualTo(
                            "{\"error\":{\"message\":\"The model `gpt-4o` does not exist; there"
                                    + " are: alphabet\",\"type\":\"invalid_request_error\","
                                    + "\"param\":\"model\",\"code\":\"model_not_found\"}}");
        }
    }

    /** The model finds some prompts too long before it counts their tokens. */
    @ParameterizedTest
    @ValueSource(ints = {64, 70, 5000})
    void givesBothLengthsOfAPromptThatIsTooLong(int length) {
        String text = "\"" + "x".repeat(length) + "\"";
        List<OpenAiServer.Answer> answers =
                List.of(
                        server.complete("\"prompt\":" + text),
                        server.complete("\"stream\":true,\"prompt\":" + text),
                        server.post(
                                "/v1/chat/completions",
                                "{\"messages\":[{\"role\":\"user\",\"content\":" + text + "}]}"));

        for (OpenAiServer.Answer answer : answers) {
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.error().path("code").stringValue())
                    .isEqualTo("context_length_exceeded");
            assertThat(answer.error().path("message").stringValue())
                    .contains(length + " tokens", "holds 64");
            assertThat(answer.error().path("param").stringValue())
                    .isEqualTo(answer == answers.get(2) ? "messages" : "prompt");
        }
        OpenAiServer.Answer second = server.complete("\"prompt\":[\"a\"," + text + "]");
        assertThat(second.status()).isEqualTo(400);
        assertThat(second.error().path("param").stringValue()).startsWith("prompt");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            textBlock =
                    """
                    {"model":        | not JSON
                    {"temperature": NaN} | not JSON
                    {} {}            | not JSON
                    [1]              | expected to be a JSON object
                    ~~               | expected to be a JSON object
                    """)
    void refusesWhatIsNotAJsonObject(String body, String words) {
        OpenAiServer.Answer answer = server.post("/v1/chat/completions", body == null ? "" : body);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error().path("code").stringValue()).isEqualTo("invalid_json");
        assertThat(answer.error().path("message").stringValue()).contains(words);
    }

    @Test
    void refusesNestingWithoutEnd() {
        OpenAiServer.Answer answer = server.chat("\"metadata\":" + "[".repeat(200_000));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error().path("code").stringValue()).isEqualTo("invalid_json");
    }

    @Test
    void refusesABodyThatIsTooLargeAndStillAnswers() {
        String prompt = "\"prompt\":\"" + "x".repeat(10 << 20) + "\"";
        OpenAiServer.Answer known = server.complete(prompt);
        OpenAiServer.Answer chunked =
                server.send(
                        HttpRequest.newBuilder(server.uri("/v1/completions"))
                                .header("Content-Type", "application/json")
                                .POST(
                                        HttpRequest.BodyPublishers.ofInputStream(
                                                () -> new Zeros(10 << 20))));

        for (OpenAiServer.Answer answer : List.of(known, chunked)) {
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.error().path("code").stringValue()).isEqualTo("request_too_large");
            assertThat(answer.error().path("message").stringValue()).contains("1048576 bytes");
        }
    }

    @Test
    void asksForJson() {
        OpenAiServer.Answer answer =
                server.send(
                        HttpRequest.newBuilder(server.uri("/v1/completions"))
                                .header("Content-Type", "text/plain")
                                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":\"x\"}")));

        assertThat(answer.status()).isEqualTo(415);
        assertThat(answer.error().path("message").stringValue()).contains("application/json");
    }

    @Test
    void refusesTheWrongMethodAndTheWrongAddress() {
        OpenAiServer.Answer get = server.get("/v1/chat/completions");
        assertThat(get.status()).isEqualTo(405);
        assertThat(get.header("allow")).isEqualTo("POST");
        assertThat(get.error().path("code").stringValue()).isEqualTo("method_not_allowed");

        OpenAiServer.Answer post = server.post("/v1/models", "{}");
        assertThat(post.status()).isEqualTo(405);
        assertThat(post.header("allow")).isEqualTo("GET");

        OpenAiServer.Answer unknown = server.post("/v1/embeddings", "{}");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.error().path("code").stringValue()).isEqualTo("unknown_url");
    }

    @Test
    void hidesWhyTheServerFailed() {
        OpenAiServer.Answer answer =
                server.complete("\"prompt\":\"" + ScriptedGenerator.FAILS_LATER + "\"");

        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.error().path("type").stringValue()).isEqualTo("server_error");
        assertThat(answer.body()).doesNotContain("secret", "Exception", "\tat ");
    }

    @Test
    void endsAStreamThatFailsWithAnErrorEvent() {
        List<JsonNode> events =
                server.complete(
                                "\"stream\":true,\"prompt\":\""
                                        + ScriptedGenerator.FAILS_LATER
                                        + "\"")
                        .events();

        assertThat(events).hasSize(3);
        assertThat(events.get(1).path("choices").path(0).path("text").stringValue()).isEqualTo("b");
        assertThat(events.get(2).path("error").path("code").stringValue())
                .isEqualTo("internal_error");
        assertThat(events.toString()).doesNotContain("secret");
    }

    @Test
    void saysWhenTheServerItselfEndsAText() {
        String prompt = "\"prompt\":\"" + ScriptedGenerator.CANCELLED + "\"";
        assertThat(server.complete(prompt).status()).isEqualTo(503);

        List<JsonNode> events = server.complete("\"stream\":true," + prompt).events();
        assertThat(events.get(events.size() - 1).path("error").path("code").stringValue())
                .isEqualTo("server_shutting_down");
    }

    private static void assertRefused(OpenAiServer.Answer answer, String param, String words) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        assertThat(answer.error().path("param").stringValue(null)).isEqualTo(param);
        assertThat(answer.error().path("message").stringValue())
                .contains(words)
                .doesNotContain("java.", "tools.jackson");
        assertThat(answer.error().path("type").stringValue()).isEqualTo("invalid_request_error");
    }

    /** So many zeros; its length is not known in advance. */
    private static final class Zeros extends InputStream {
        private int left;

        Zeros(int count) {
            left = count;
        }

        @Override
        public int read() {
            return left-- > 0 ? '0' : -1;
        }
    }
}
