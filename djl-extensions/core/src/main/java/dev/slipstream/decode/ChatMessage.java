package dev.slipstream.decode;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One message of a conversation.
 *
 * @param role who speaks
 * @param content the text; may be empty beside tool calls
 * @param toolCalls what the assistant wants to have called
 * @param toolCallId of a {@link Role#TOOL} message: the call that it answers
 * @param name of the speaker or tool, where a template uses it
 */
public record ChatMessage(
        Role role,
        String content,
        List<ToolCall> toolCalls,
        @Nullable String toolCallId,
        @Nullable String name) {
    /** Copies the list. */
    public ChatMessage {
        toolCalls = List.copyOf(toolCalls);
    }

    /** Who speaks. */
    public enum Role {
        /** Instructions that hold for the conversation. */
        SYSTEM,
        /** The person. */
        USER,
        /** The model. */
        ASSISTANT,
        /** The result of a tool. */
        TOOL
    }

    /**
     * A call of a tool that the assistant wrote.
     *
     * @param id chosen by the caller
     * @param name of the function
     * @param arguments by parameter name: strings, numbers, booleans, lists, maps
     */
    public record ToolCall(String id, String name, Map<String, Object> arguments) {}

    /**
     * A tool that the model may call.
     *
     * @param name of the function
     * @param description for the model
     * @param parameters a JSON schema as nested maps
     */
    public record Tool(String name, String description, Map<String, Object> parameters) {}

    /** Returns a system message. */
    public static ChatMessage system(String content) {
        return new ChatMessage(Role.SYSTEM, content, List.of(), null, null);
    }

    /** Returns a user's message. */
    public static ChatMessage user(String content) {
        return new ChatMessage(Role.USER, content, List.of(), null, null);
    }

    /** Returns an assistant's message. */
    public static ChatMessage assistant(String content) {
        return new ChatMessage(Role.ASSISTANT, content, List.of(), null, null);
    }

    /** Returns a tool's answer to a call. */
    public static ChatMessage tool(String toolCallId, String content) {
        return new ChatMessage(Role.TOOL, content, List.of(), toolCallId, null);
    }
}
