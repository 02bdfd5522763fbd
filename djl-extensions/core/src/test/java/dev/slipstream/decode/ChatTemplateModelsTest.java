package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.ToNumberPolicy;
import com.google.gson.reflect.TypeToken;
import dev.slipstream.decode.ChatTemplate.Ending;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every template with every conversation, against what Python's Jinja2 rendered. */
class ChatTemplateModelsTest {
    private static final Gson GSON =
            new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();
    private static final Clock CLOCK =
            Clock.fixed(Instant.parse("2026-11-24T09:05:07Z"), ZoneOffset.UTC);
    private static final Map<String, Conversation> CONVERSATIONS =
            GSON.fromJson(read("conversations.json"), new TypeToken<>() {});
    private static final Map<String, Map<String, String>> TOKENS =
            GSON.fromJson(read("special_tokens.json"), new TypeToken<>() {});

    record Function(
            String name,
            @Nullable String description,
            @Nullable Map<String, Object> parameters,
            @Nullable Map<String, Object> arguments) {}

    record Tagged(@Nullable String id, String type, Function function) {}

    record Message(
            String role,
            String content,
            @Nullable List<Tagged> tool_calls,
            @Nullable String tool_call_id,
            @Nullable String name) {
        ChatMessage toChatMessage() {
            return new ChatMessage(
                    ChatMessage.Role.valueOf(role.toUpperCase(Locale.ROOT)),
                    content,
                    Optional.ofNullable(tool_calls).orElse(List.of()).stream()
                            .map(
                                    c ->
                                            new ChatMessage.ToolCall(
                                                    c.id, c.function.name, c.function.arguments))
                            .toList(),
                    tool_call_id,
                    name);
        }
    }

    record Conversation(List<Message> messages, List<Tagged> tools) {
        List<ChatMessage> chatMessages() {
            return messages.stream().map(Message::toChatMessage).toList();
        }

        List<ChatMessage.Tool> chatTools() {
            return tools.stream()
                    .map(Tagged::function)
                    .map(f -> new ChatMessage.Tool(f.name, f.description, f.parameters))
                    .toList();
        }
    }

    record Case(
            String template,
            String conversation,
            boolean prompt,
            @Nullable String expected,
            @Nullable String raised) {
        @Override
        public String toString() {
            return template + ", " + conversation + (prompt ? ", prompt" : "");
        }
    }

    static String read(String name) {
        try (InputStream in =
                ChatTemplateModelsTest.class.getResourceAsStream("/chat-templates/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static Stream<Case> cases() {
        List<Case> cases = GSON.fromJson(read("expected.json"), new TypeToken<>() {});
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void rendersAsTransformersDoes(Case wanted) {
        ChatTemplate template =
                ChatTemplate.of(
                        read("templates/" + wanted.template + ".jinja"),
                        TOKENS.get(wanted.template),
                        CLOCK);
        Conversation conversation = CONVERSATIONS.get(wanted.conversation);
        Ending ending = wanted.prompt ? Ending.ASSISTANT_NEXT : Ending.LAST_MESSAGE;
        if (wanted.expected != null) {
            assertThat(
                            template.render(
                                    conversation.chatMessages(), conversation.chatTools(), ending))
                    .isEqualTo(wanted.expected);
        } else {
            assertThat(wanted.raised).isNotNull();
            assertThatThrownBy(
                            () ->
                                    template.render(
                                            conversation.chatMessages(),
                                            conversation.chatTools(),
                                            ending))
                    .isInstanceOf(ChatTemplateException.class)
                    .hasMessage(wanted.raised);
        }
    }
}
