package dev.slipstream.decode;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.slipstream.decode.template.Template;
import dev.slipstream.decode.template.TemplateException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model's own chat template: turns a conversation into the text that the model was trained on,
 * character for character what {@code apply_chat_template} of Hugging Face's transformers gives.
 *
 * <p>The text has its special tokens, the begin token among them where the template writes one, so
 * it is to be tokenised without adding any.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class ChatTemplate {
    /** How a rendered conversation ends. */
    public enum Ending {
        /** With what opens the assistant's next message. */
        ASSISTANT_NEXT,
        /** With the last message. */
        LAST_MESSAGE
    }

    private final Template template;
    private final Template withTools;
    private final Map<String, String> specialTokens;
    private final Clock clock;

    private ChatTemplate(
            Template template, Template withTools, Map<String, String> specialTokens, Clock clock) {
        this.template = template;
        this.withTools = withTools;
        this.specialTokens = Map.copyOf(specialTokens);
        this.clock = clock;
    }

    /**
     * Reads a template.
     *
     * @param template Jinja text
     * @param specialTokens texts by the names that templates use, such as {@code bos_token}
     * @throws ChatTemplateException that names the line, if the template is broken
     */
    public static ChatTemplate of(String template, Map<String, String> specialTokens) {
        return of(template, specialTokens, Clock.systemDefaultZone());
    }

    static ChatTemplate of(String template, Map<String, String> specialTokens, Clock clock) {
        Template parsed = parse("chat template", template);
        return new ChatTemplate(parsed, parsed, specialTokens, clock);
    }

    /**
     * Finds a model's template in its files: the text of {@code chat_template.jinja} if there is
     * one, else {@code chat_template} in {@code tokenizer_config.json}, else in {@code
     * chat_template.json}. Of several named ones, {@code default} is taken, and {@code tool_use}
     * for conversations with tools. The special tokens are those of {@code tokenizer_config.json}.
     *
     * @param tokenizerConfig text of {@code tokenizer_config.json}, if the model has it
     * @param chatTemplateJinja text of {@code chat_template.jinja}, if the model has it
     * @param chatTemplateJson text of {@code chat_template.json}, if the model has it
     * @return nothing if none of them has a template
     * @throws ChatTemplateException if a file is not as expected, or the template is broken
     */
    public static Optional<ChatTemplate> read(
            @Nullable String tokenizerConfig,
            @Nullable String chatTemplateJinja,
            @Nullable String chatTemplateJson) {
        JsonObject config = object("tokenizer_config.json", tokenizerConfig);
        Map<String, String> tokens = specialTokens(config);
        if (chatTemplateJinja != null) {
            Template parsed = parse("chat_template.jinja", chatTemplateJinja);
            return Optional.of(new ChatTemplate(parsed, parsed, tokens, Clock.systemDefaultZone()));
        }
        Optional<ChatTemplate> found = read("tokenizer_config.json", config, tokens);
        return found.isPresent()
                ? found
                : read(
                        "chat_template.json",
                        object("chat_template.json", chatTemplateJson),
                        tokens);
    }

    private static Optional<ChatTemplate> read(
            String file, JsonObject json, Map<String, String> tokens) {
        JsonElement value = json.get("chat_template");
        if (value == null || value.isJsonNull()) {
            return Optional.empty();
        }
        Map<String, String> named = named(file, value);
        String main = named.get("default");
        if (main == null) {
            throw new ChatTemplateException(
                    file
                            + ": of several chat templates one must be named \"default\", found "
                            + named.keySet());
        }
        Template parsed = parse(file + ", chat_template", main);
        String tools = named.get("tool_use");
        Template parsedTools =
                tools == null ? parsed : parse(file + ", chat_template \"tool_use\"", tools);
        return Optional.of(
                new ChatTemplate(parsed, parsedTools, tokens, Clock.systemDefaultZone()));
    }

    private static Map<String, String> named(String file, JsonElement value) {
        Map<String, String> named = new LinkedHashMap<>();
        if (isString(value)) {
            named.put("default", value.getAsString());
        } else if (value instanceof JsonArray several) {
            for (JsonElement one : several) {
                if (!(one instanceof JsonObject entry)
                        || !isString(entry.get("name"))
                        || !isString(entry.get("template"))) {
                    throw new ChatTemplateException(
                            file
                                    + ": chat_template lists objects with \"name\" and"
                                    + " \"template\", found "
                                    + one);
                }
                named.put(entry.get("name").getAsString(), entry.get("template").getAsString());
            }
        } else {
            throw new ChatTemplateException(
                    file + ": chat_template must be a string or a list, found " + value);
        }
        return named;
    }

    private static JsonObject object(String file, @Nullable String text) {
        if (text == null) {
            return new JsonObject();
        }
        try {
            if (JsonParser.parseString(text) instanceof JsonObject object) {
                return object;
            }
        } catch (JsonParseException e) {
            throw new ChatTemplateException(file + " is not JSON: " + e.getMessage(), e);
        }
        throw new ChatTemplateException(file + " must hold a JSON object");
    }

    /** Tokens are strings, or objects that hold the string beside how it is tokenised. */
    private static Map<String, String> specialTokens(JsonObject config) {
        Map<String, String> tokens = new LinkedHashMap<>();
        config.entrySet()
                .forEach(
                        entry -> {
                            JsonElement value =
                                    entry.getValue() instanceof JsonObject object
                                            ? object.get("content")
                                            : entry.getValue();
                            if (entry.getKey().endsWith("_token") && isString(value)) {
                                tokens.put(entry.getKey(), value.getAsString());
                            }
                        });
        return tokens;
    }

    private static boolean isString(@Nullable JsonElement element) {
        return element != null
                && element.isJsonPrimitive()
                && element.getAsJsonPrimitive().isString();
    }

    private static Template parse(String source, String text) {
        try {
            return Template.parse(text);
        } catch (TemplateException e) {
            throw new ChatTemplateException(source + ", " + e.getMessage(), e);
        }
    }

    /**
     * Renders a conversation, ready for the assistant's answer.
     *
     * @param messages in order
     * @param tools that the model may call; may be empty
     * @throws ChatTemplateException with the template's own words if it refuses the conversation,
     *     else with the line at which it failed or was stopped
     */
    public String render(List<ChatMessage> messages, List<ChatMessage.Tool> tools) {
        return render(messages, tools, Ending.ASSISTANT_NEXT);
    }

    /**
     * Renders a conversation.
     *
     * @param messages in order
     * @param tools that the model may call; may be empty
     * @param ending what comes last
     * @throws ChatTemplateException with the template's own words if it refuses the conversation,
     *     else with the line at which it failed or was stopped
     */
    public String render(List<ChatMessage> messages, List<ChatMessage.Tool> tools, Ending ending) {
        Map<String, @Nullable Object> variables = new LinkedHashMap<>(specialTokens);
        variables.put("messages", messages.stream().map(ChatTemplate::message).toList());
        variables.put(
                "tools", tools.isEmpty() ? null : tools.stream().map(ChatTemplate::tool).toList());
        variables.put("documents", null);
        variables.put("add_generation_prompt", ending == Ending.ASSISTANT_NEXT);
        try {
            return (tools.isEmpty() ? template : withTools).render(variables, clock);
        } catch (TemplateException e) {
            String message = String.valueOf(e.getMessage());
            throw new ChatTemplateException(
                    e.isRaised() ? message : "chat template, " + message, e);
        }
    }

    /** Absent parts are absent keys: templates ask {@code 'tool_calls' in message}. */
    private static Map<String, Object> message(ChatMessage message) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("role", role(message.role()));
        map.put("content", message.content());
        if (!message.toolCalls().isEmpty()) {
            List<Object> calls = new ArrayList<>();
            for (ChatMessage.ToolCall call : message.toolCalls()) {
                Map<String, Object> function = new LinkedHashMap<>();
                function.put("name", call.name());
                function.put("arguments", call.arguments());
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("id", call.id());
                entry.put("type", "function");
                entry.put("function", function);
                calls.add(entry);
            }
            map.put("tool_calls", calls);
        }
        if (message.toolCallId() != null) {
            map.put("tool_call_id", message.toolCallId());
        }
        if (message.name() != null) {
            map.put("name", message.name());
        }
        return map;
    }

    private static String role(ChatMessage.Role role) {
        return switch (role) {
            case SYSTEM -> "system";
            case USER -> "user";
            case ASSISTANT -> "assistant";
            case TOOL -> "tool";
        };
    }

    private static Map<String, Object> tool(ChatMessage.Tool tool) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", tool.name());
        function.put("description", tool.description());
        function.put("parameters", tool.parameters());
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("type", "function");
        map.put("function", function);
        return map;
    }
}
