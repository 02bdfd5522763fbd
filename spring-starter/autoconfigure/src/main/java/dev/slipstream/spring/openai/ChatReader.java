package dev.slipstream.spring.openai;

import dev.slipstream.decode.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Turns the messages and tools of a chat request into those of the decoder. */
final class ChatReader {
    private static final TypeReference<Map<String, Object>> ARGUMENTS = new TypeReference<>() {};

    private final JsonMapper mapper;

    ChatReader(JsonMapper mapper) {
        this.mapper = mapper;
    }

    List<ChatMessage> messages(@Nullable List<ChatRequest.@Nullable Message> written) {
        if (written == null || written.isEmpty()) {
            throw ApiException.badParameter("messages", "expected at least one message");
        }
        List<ChatMessage> messages = new ArrayList<>();
        for (int i = 0; i < written.size(); i++) {
            messages.add(message(require("messages[" + i + "]", written.get(i)), i));
        }
        return messages;
    }

    List<ChatMessage.Tool> tools(@Nullable List<ChatRequest.@Nullable ToolDefinition> written) {
        List<ChatMessage.Tool> tools = new ArrayList<>();
        for (int i = 0; written != null && i < written.size(); i++) {
            String param = "tools[" + i + "]";
            ChatRequest.ToolDefinition tool = require(param, written.get(i));
            if (!"function".equals(tool.type())) {
                throw ApiException.badParameter(
                        param + ".type", "only function is supported, found " + tool.type());
            }
            ChatRequest.FunctionDefinition function = require(param + ".function", tool.function());
            tools.add(
                    new ChatMessage.Tool(
                            require(param + ".function.name", function.name()),
                            function.description() == null ? "" : function.description(),
                            function.parameters() == null ? Map.of() : function.parameters()));
        }
        return tools;
    }

    private ChatMessage message(ChatRequest.Message message, int index) {
        String param = "messages[" + index + "]";
        ChatMessage.Role role =
                switch (require(param + ".role", message.role())) {
                    case "system", "developer" -> ChatMessage.Role.SYSTEM;
                    case "user" -> ChatMessage.Role.USER;
                    case "assistant" -> ChatMessage.Role.ASSISTANT;
                    case "tool" -> ChatMessage.Role.TOOL;
                    default ->
                            throw ApiException.badParameter(
                                    param + ".role",
                                    "expected system, developer, user, assistant or tool, found "
                                            + message.role());
                };
        List<ChatMessage.ToolCall> calls = calls(message.toolCalls(), param + ".tool_calls");
        if (!calls.isEmpty() && role != ChatMessage.Role.ASSISTANT) {
            throw ApiException.badParameter(
                    param + ".tool_calls", "only an assistant's message calls tools");
        }
        if (role == ChatMessage.Role.TOOL) {
            require(param + ".tool_call_id", message.toolCallId());
        }
        JsonNode content = message.content();
        String text =
                (content == null || content.isNull()) && !calls.isEmpty()
                        ? ""
                        : text(require(param + ".content", content), param + ".content");
        return new ChatMessage(role, text, calls, message.toolCallId(), message.name());
    }

    /** Returns a string, or the texts of a list of parts, each on a line of its own. */
    private static String text(JsonNode content, String param) {
        if (content.isString()) {
            return content.stringValue();
        }
        if (!content.isArray()) {
            throw ApiException.badParameter(
                    param,
                    "expected a string or a list of text parts, found "
                            + RequestReader.shown(content));
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < content.size(); i++) {
            JsonNode part = content.get(i);
            if (!"text".equals(part.path("type").stringValue(null))
                    || !part.path("text").isString()) {
                throw ApiException.badParameter(
                        param + "[" + i + "]",
                        "the models read text only, expected {\"type\": \"text\", \"text\": …},"
                                + " found "
                                + RequestReader.shown(part));
            }
            texts.add(part.path("text").stringValue());
        }
        return String.join("\n", texts);
    }

    private List<ChatMessage.ToolCall> calls(
            @Nullable List<ChatRequest.@Nullable ToolCall> written, String param) {
        List<ChatMessage.ToolCall> calls = new ArrayList<>();
        for (int i = 0; written != null && i < written.size(); i++) {
            String at = param + "[" + i + "]";
            ChatRequest.ToolCall call = require(at, written.get(i));
            ChatRequest.CalledFunction function = require(at + ".function", call.function());
            calls.add(
                    new ChatMessage.ToolCall(
                            require(at + ".id", call.id()),
                            require(at + ".function.name", function.name()),
                            arguments(function.arguments(), at + ".function.arguments")));
        }
        return calls;
    }

    private Map<String, Object> arguments(@Nullable String written, String param) {
        if (written == null || written.isBlank()) {
            return Map.of();
        }
        try {
            Map<String, Object> arguments = mapper.readValue(written, ARGUMENTS);
            return arguments == null ? Map.of() : arguments;
        } catch (JacksonException e) {
            throw ApiException.badParameter(
                    param, "expected a JSON object in a string: " + e.getOriginalMessage());
        }
    }

    private static <T> T require(String param, @Nullable T value) {
        if (value == null || value instanceof JsonNode node && node.isNull()) {
            throw ApiException.badParameter(param, "missing");
        }
        return value;
    }
}
