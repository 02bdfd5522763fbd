package dev.slipstream.spring.openai;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The parameters that only chat completions have. Those of type {@link JsonNode} take several
 * forms, or are looked at only to be refused.
 */
record ChatRequest(
        @Nullable String model,
        @Nullable List<@Nullable Message> messages,
        @Nullable List<@Nullable ToolDefinition> tools,
        @Nullable JsonNode toolChoice,
        @Nullable Boolean logprobs,
        @Nullable Integer topLogprobs,
        @Nullable ResponseFormat responseFormat,
        @Nullable JsonNode functions,
        @Nullable JsonNode functionCall,
        @Nullable JsonNode audio,
        @Nullable JsonNode webSearchOptions) {

    /** One message; which parts it needs hangs on the role. */
    record Message(
            @Nullable String role,
            @Nullable JsonNode content,
            @Nullable String name,
            @Nullable List<@Nullable ToolCall> toolCalls,
            @Nullable String toolCallId) {}

    /** A call that the assistant made. */
    record ToolCall(@Nullable String id, @Nullable CalledFunction function) {}

    /** What was called; the arguments are an object, written as a string of JSON. */
    record CalledFunction(@Nullable String name, @Nullable String arguments) {}

    /** A tool that may be called. */
    record ToolDefinition(@Nullable String type, @Nullable FunctionDefinition function) {}

    /** A function that may be called; the parameters are a JSON schema. */
    record FunctionDefinition(
            @Nullable String name,
            @Nullable String description,
            @Nullable Map<String, Object> parameters) {}

    /** How the answer is to be written. */
    record ResponseFormat(@Nullable String type) {}

    /** Refuses what would change the answer and is not done here. */
    ChatRequest {
        refuse("functions", functions, "send tools instead");
        refuse("function_call", functionCall, "send tool_choice instead");
        refuse("audio", audio, "answers are text");
        refuse("web_search_options", webSearchOptions, "the models have no search");
        if (responseFormat != null && !"text".equals(responseFormat.type())) {
            throw ApiException.unsupported(
                    "response_format",
                    "only {\"type\": \"text\"} is supported, found type " + responseFormat.type());
        }
        if (present(toolChoice)
                && !(toolChoice.isString()
                        && List.of("none", "auto").contains(toolChoice.stringValue()))) {
            throw ApiException.unsupported(
                    "tool_choice",
                    "only \"none\" and \"auto\" are supported, a model can't be made to call a"
                            + " tool; found "
                            + RequestReader.shown(toolChoice));
        }
        if (topLogprobs != null && !Boolean.TRUE.equals(logprobs)) {
            throw ApiException.badParameter("top_logprobs", "only allowed where logprobs is true");
        }
    }

    /** Returns how many alternatives to report with each token; null reports none. */
    @Nullable Integer topLogProbabilities() {
        return !Boolean.TRUE.equals(logprobs) ? null : topLogprobs == null ? 0 : topLogprobs;
    }

    /** Returns the conversation in the model's tokens. */
    Prompt prompt(TextGenerator generator, ChatReader reader) {
        List<ChatMessage> conversation = reader.messages(messages);
        List<ChatMessage.Tool> offered =
                present(toolChoice) && "none".equals(toolChoice.stringValue())
                        ? List.of()
                        : reader.tools(tools);
        if (!offered.isEmpty() && !generator.hasChatTemplate()) {
            throw ApiException.unsupported(
                    "tools",
                    "model %s has no chat template that could tell it of tools"
                            .formatted(generator.name()));
        }
        try {
            return generator.chat(conversation, offered);
        } catch (IllegalArgumentException e) {
            throw ApiException.badPrompt("messages", e);
        }
    }

    private static boolean present(@Nullable JsonNode node) {
        return node != null && !node.isNull();
    }

    private static void refuse(String param, @Nullable JsonNode value, String instead) {
        if (present(value)) {
            throw ApiException.unsupported(param, "not supported, " + instead);
        }
    }
}
