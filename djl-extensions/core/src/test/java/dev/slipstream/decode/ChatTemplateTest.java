package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.ChatTemplate.Ending;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {
    private static final List<ChatMessage> HELLO = List.of(ChatMessage.user("Hello"));
    private static final ChatMessage.Tool ADD =
            new ChatMessage.Tool("add", "Adds", Map.of("type", "object"));

    private static ChatTemplate model(String name, Map<String, String> tokens) {
        return ChatTemplate.of(
                ChatTemplateModelsTest.read("templates/" + name + ".jinja"),
                tokens,
                Clock.fixed(Instant.parse("2024-07-26T12:00:00Z"), ZoneOffset.UTC));
    }

    @Test
    void writesQwensPromptAsItsModelCardDoes() {
        assertThat(
                        model("qwen2_5", Map.of())
                                .render(
                                        List.of(ChatMessage.user("Give me a short introduction.")),
                                        List.of()))
                .isEqualTo(
                        """
                        <|im_start|>system
                        You are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>
                        <|im_start|>user
                        Give me a short introduction.<|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void writesLlamasHeadersAndDateAsItsDocumentationDoes() {
        assertThat(
                        model("own_dated_header", Map.of("bos_token", "<|begin_of_text|>"))
                                .render(
                                        List.of(
                                                ChatMessage.system("You are a helpful assistant"),
                                                ChatMessage.user("What is the capital of France?")),
                                        List.of()))
                .isEqualTo(
                        """
                        <|begin_of_text|><|start_header_id|>system<|end_header_id|>

                        Cutting Knowledge Date: December 2023
                        Today Date: 26 Jul 2024

                        You are a helpful assistant<|eot_id|><|start_header_id|>user<|end_header_id|>

                        What is the capital of France?<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        """);
    }

    @Test
    void writesZephyrsPromptAsTransformersDocumentationDoes() {
        List<ChatMessage> messages =
                List.of(
                        ChatMessage.system(
                                "You are a friendly chatbot who always responds in the style of a"
                                        + " pirate"),
                        ChatMessage.user("How many helicopters can a human eat in one sitting?"));

        assertThat(model("zephyr", Map.of("eos_token", "</s>")).render(messages, List.of()))
                .isEqualTo(
                        """
                        <|system|>
                        You are a friendly chatbot who always responds in the style of a pirate</s>
                        <|user|>
                        How many helicopters can a human eat in one sitting?</s>
                        <|assistant|>
                        """);
    }

    @Test
    void refusesInTheTemplatesOwnWords() {
        ChatTemplate template = model("mistral_7b", Map.of("bos_token", "<s>"));

        assertThatThrownBy(() -> template.render(List.of(ChatMessage.assistant("a")), List.of()))
                .isInstanceOf(ChatTemplateException.class)
                .hasMessage("Conversation roles must alternate user/assistant/user/assistant/...");
    }

    @Test
    void saysWhereATemplateFails() {
        ChatTemplate template =
                ChatTemplate.of("a\n{% if true %}\n{{ messages.0.nope.x }}\n{% endif %}", Map.of());

        assertThatThrownBy(() -> template.render(HELLO, List.of()))
                .isInstanceOf(ChatTemplateException.class)
                .hasMessage("chat template, line 3: 'dict object' has no attribute 'nope'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "{% for m in messages %}{{ m }};1;endfor",
                "\\n\\n{{ 1 + }};3;expected an expression",
                "{{ 'a' }}\\n{{ 'b }};2;not closed",
                "{% if x %}\\n{% endfor %};2;endfor",
                "\\n{{ x | nosuchfilter }};2;No filter named 'nosuchfilter'",
                "{# open;1;comment"
            })
    void aBrokenTemplateFailsAtLoadAndNamesTheLine(String template, int line, String reason) {
        assertThatThrownBy(() -> ChatTemplate.of(template.replace("\\n", "\n"), Map.of()))
                .isInstanceOf(ChatTemplateException.class)
                .hasMessageStartingWith("chat template, line " + line + ": ")
                .hasMessageContaining(reason);
    }

    @Test
    void stopsATemplateThatNeverEnds() {
        ChatTemplate template =
                ChatTemplate.of(
                        "{% for a in range(99999999) %}{% for b in range(99999999) %}"
                                + "{% endfor %}{% endfor %}",
                        Map.of());

        assertThatThrownBy(() -> template.render(HELLO, List.of()))
                .isInstanceOf(ChatTemplateException.class)
                .hasMessageContaining("seems never to end");
    }

    @Test
    void leavesOutWhatAMessageLacks() {
        ChatTemplate template =
                ChatTemplate.of(
                        "{{ messages[0].keys() | list }}{{ tools is none }}{{ documents is none }}"
                                + "{{ unk_token is defined }}{{ add_generation_prompt }}",
                        Map.of());

        assertThat(template.render(HELLO, List.of()))
                .isEqualTo("['role', 'content']TrueTrueFalseTrue");
        assertThat(template.render(HELLO, List.of(ADD), Ending.LAST_MESSAGE))
                .isEqualTo("['role', 'content']FalseTrueFalseFalse");
    }

    @Test
    void givesToolsAndCallsInTheShapeOfTransformers() {
        ChatMessage call =
                new ChatMessage(
                        ChatMessage.Role.ASSISTANT,
                        "",
                        List.of(new ChatMessage.ToolCall("id1", "add", Map.of("a", 1))),
                        null,
                        null);
        ChatMessage result = new ChatMessage(ChatMessage.Role.TOOL, "2", List.of(), "id1", "add");

        assertThat(
                        ChatTemplate.of("{{ tools | tojson }}\n{{ messages | tojson }}", Map.of())
                                .render(List.of(call, result), List.of(ADD)))
                .isEqualTo(
                        "[{\"type\": \"function\", \"function\": {\"name\": \"add\","
                                + " \"description\": \"Adds\", \"parameters\": {\"type\":"
                                + " \"object\"}}}]\n"
                                + "[{\"role\": \"assistant\", \"content\": \"\", \"tool_calls\":"
                                + " [{\"id\": \"id1\", \"type\": \"function\", \"function\":"
                                + " {\"name\": \"add\", \"arguments\": {\"a\": 1}}}]},"
                                + " {\"role\": \"tool\", \"content\": \"2\", \"tool_call_id\":"
                                + " \"id1\", \"name\": \"add\"}]");
    }

    @Test
    void readsATemplateAndItsTokensFromTheTokenizersConfiguration() {
        String config =
                """
                {"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>",
                 "add_bos_token": true, "unk_token": null,
                 "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ unk_token }}"}
                """;

        assertThat(ChatTemplate.read(config, null, null).orElseThrow().render(HELLO, List.of()))
                .isEqualTo("<s>Hello</s>");
    }

    @Test
    void readsTheTemplateForToolsOfSeveral() {
        String config =
                """
                {"chat_template": [
                  {"name": "default", "template": "plain"},
                  {"name": "tool_use", "template": "{{ tools[0].function.name }}"},
                  {"name": "rag", "template": "documents"}]}
                """;
        ChatTemplate template = ChatTemplate.read(config, null, null).orElseThrow();

        assertThat(template.render(HELLO, List.of())).isEqualTo("plain");
        assertThat(template.render(HELLO, List.of(ADD))).isEqualTo("add");
    }

    @Test
    void prefersTheFileOfItsOwnAndKeepsTheTokens() {
        String config = "{\"eos_token\": \"</s>\", \"chat_template\": \"config\"}";
        String json = "{\"chat_template\": \"json{{ eos_token }}\"}";

        assertThat(rendered(config, "file{{ eos_token }}", json)).isEqualTo("file</s>");
        assertThat(rendered(config, null, json)).isEqualTo("config");
        assertThat(rendered("{\"eos_token\": \"</s>\"}", null, json)).isEqualTo("json</s>");
        assertThat(rendered(null, null, json)).isEqualTo("json");
        assertThat(rendered(null, "file", null)).isEqualTo("file");
        assertThat(ChatTemplate.read("{\"chat_template\": null}", null, null)).isEmpty();
        assertThat(ChatTemplate.read(null, null, null)).isEmpty();
    }

    private static String rendered(String config, String jinja, String json) {
        return ChatTemplate.read(config, jinja, json).orElseThrow().render(HELLO, List.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"x\"}]}",
                "{\"chat_template\": [\"x\"]}",
                "{\"chat_template\": 7}",
                "{\"chat_template\": \"{{ broken\"}",
                "[]",
                "{\"chat_template\": "
            })
    void namesTheFileThatItCannotRead(String config) {
        assertThatThrownBy(() -> ChatTemplate.read(config, null, null))
                .isInstanceOf(ChatTemplateException.class)
                .hasMessageStartingWith("tokenizer_config.json");
    }

    @Test
    void isSharedByThreads() throws Exception {
        ChatTemplate template = model("own_typed_tools", Map.of());
        List<String> wanted = new ArrayList<>();
        List<Future<String>> rendered = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            for (int i = 0; i < 400; i++) {
                List<ChatMessage> messages = List.of(ChatMessage.user("number " + i));
                rendered.add(threads.submit(() -> template.render(messages, List.of())));
                wanted.add(
                        "no tools\n[USER 1] number "
                                + i
                                + " [/U]\n1 messages of ['user'], 0 calls\n[A]");
            }
            for (int i = 0; i < 400; i++) {
                assertThat(rendered.get(i).get()).isEqualTo(wanted.get(i));
            }
        } finally {
            threads.shutdown();
        }
    }
}
