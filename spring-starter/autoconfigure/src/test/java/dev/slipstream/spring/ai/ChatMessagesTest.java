package dev.slipstream.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.spring.ScriptedGenerator;
import dev.slipstream.spring.autoconfigure.SlipstreamModels;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.Media;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.util.MimeTypeUtils;

class ChatMessagesTest {
    /** A tool as Spring AI's users write it. */
    static class Clock {
        @Tool(description = "Tells the time in a city")
        String time(String city) {
            throw new AssertionError("no tool is called");
        }
    }

    @Test
    void everyKindOfMessageIsTranslated() {
        AssistantMessage call =
                AssistantMessage.builder()
                        .toolCalls(
                                List.of(
                                        new AssistantMessage.ToolCall(
                                                "c1", "function", "time", "{\"city\":\"Oslo\"}")))
                        .build();
        ToolResponseMessage answers =
                ToolResponseMessage.builder()
                        .responses(
                                List.of(
                                        new ToolResponseMessage.ToolResponse("c1", "time", "12:00"),
                                        new ToolResponseMessage.ToolResponse("c2", "date", "May")))
                        .build();

        assertThat(
                        ChatMessages.messages(
                                List.of(
                                        new SystemMessage("Be brief"),
                                        new UserMessage("What time is it?"),
                                        call,
                                        answers,
                                        new AssistantMessage("Noon"))))
                .containsExactly(
                        ChatMessage.system("Be brief"),
                        ChatMessage.user("What time is it?"),
                        new ChatMessage(
                                ChatMessage.Role.ASSISTANT,
                                "",
                                List.of(
                                        new ChatMessage.ToolCall(
                                                "c1", "time", Map.of("city", "Oslo"))),
                                null,
                                null),
                        new ChatMessage(ChatMessage.Role.TOOL, "12:00", List.of(), "c1", "time"),
                        new ChatMessage(ChatMessage.Role.TOOL, "May", List.of(), "c2", "date"),
                        ChatMessage.assistant("Noon"));
    }

    @Test
    void picturesAreRefused() {
        UserMessage picture =
                UserMessage.builder()
                        .text("What is this?")
                        .media(new Media(MimeTypeUtils.IMAGE_PNG, URI.create("http://host/a.png")))
                        .build();

        assertThatThrownBy(() -> ChatMessages.messages(List.of(picture)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("USER message holds 1 media");
    }

    @Test
    void toolsReachTheTemplateThroughChatClient() {
        ScriptedGenerator generator = new ScriptedGenerator("tales", "Noon");
        try (SlipstreamModels models =
                SlipstreamModels.of(Map.of("tales", generator.queued()), "tales")) {
            String answer =
                    ChatClient.create(new SlipstreamChatModel(models))
                            .prompt("What time is it?")
                            .tools(new Clock())
                            .call()
                            .content();

            assertThat(answer).isEqualTo("Noon");
            assertThat(generator.tools.get(0))
                    .singleElement()
                    .satisfies(
                            tool -> {
                                assertThat(tool.name()).isEqualTo("time");
                                assertThat(tool.description())
                                        .isEqualTo("Tells the time in a city");
                                assertThat(tool.parameters()).containsEntry("type", "object");
                                assertThat(tool.parameters().get("properties").toString())
                                        .contains("city");
                            });
        }
    }
}
