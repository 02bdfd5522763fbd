package dev.slipstream.spring.ai;

import dev.slipstream.decode.ChatMessage;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.content.MediaContent;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.ai.util.JsonHelper;

/** Spring AI's messages and tools in the words of the decoder. */
final class ChatMessages {
    private static final JsonHelper JSON = new JsonHelper();

    private ChatMessages() {}

    /**
     * Translates messages; one with the answers of several tools becomes several.
     *
     * @throws IllegalArgumentException if one holds pictures or sounds
     */
    static List<ChatMessage> messages(List<Message> messages) {
        return messages.stream().flatMap(ChatMessages::message).toList();
    }

    /** Translates what the tools say of themselves. */
    static List<ChatMessage.Tool> tools(List<ToolCallback> tools) {
        return tools.stream().map(ToolCallback::getToolDefinition).map(ChatMessages::tool).toList();
    }

    private static ChatMessage.Tool tool(ToolDefinition tool) {
        return new ChatMessage.Tool(tool.name(), tool.description(), object(tool.inputSchema()));
    }

    private static Stream<ChatMessage> message(Message message) {
        if (message instanceof MediaContent content && !content.getMedia().isEmpty()) {
            throw new IllegalArgumentException(
                    "a %s message holds %d media; Slipstream's models read text alone"
                            .formatted(message.getMessageType(), content.getMedia().size()));
        }
        String text = message.getText() != null ? message.getText() : "";
        return switch (message.getMessageType()) {
            case SYSTEM -> Stream.of(ChatMessage.system(text));
            case USER -> Stream.of(ChatMessage.user(text));
            case ASSISTANT -> Stream.of(assistant((AssistantMessage) message, text));
            case TOOL ->
                    ((ToolResponseMessage) message)
                            .getResponses().stream().map(ChatMessages::answer);
        };
    }

    private static ChatMessage assistant(AssistantMessage message, String text) {
        List<ChatMessage.ToolCall> calls =
                message.getToolCalls().stream()
                        .map(c -> new ChatMessage.ToolCall(c.id(), c.name(), object(c.arguments())))
                        .toList();
        return new ChatMessage(ChatMessage.Role.ASSISTANT, text, calls, null, null);
    }

    private static ChatMessage answer(ToolResponseMessage.ToolResponse answer) {
        return new ChatMessage(
                ChatMessage.Role.TOOL,
                answer.responseData(),
                List.of(),
                answer.id(),
                answer.name());
    }

    private static Map<String, Object> object(@Nullable String json) {
        return json == null || json.isBlank() ? Map.of() : JSON.fromJsonToMap(json);
    }
}
