package dev.slipstream.spring.ai;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Statistics;
import java.util.List;
import java.util.UUID;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/** Makes the responses to one request; all pieces of a stream have one id. */
final class ChatResponses {
    private final String id = "slipstream-" + UUID.randomUUID();
    private final String model;

    ChatResponses(String model) {
        this.model = model;
    }

    /** Returns a piece of a stream. */
    ChatResponse piece(String text) {
        return response(
                new Generation(new AssistantMessage(text)),
                ChatResponseMetadata.builder().id(id).model(model));
    }

    /** Returns a whole answer, or the last piece of a stream. */
    ChatResponse last(String text, FinishReason reason, Statistics statistics) {
        return response(
                new Generation(
                        new AssistantMessage(text),
                        ChatGenerationMetadata.builder().finishReason(name(reason)).build()),
                ChatResponseMetadata.builder()
                        .id(id)
                        .model(model)
                        .usage(
                                new DefaultUsage(
                                        statistics.promptTokens(),
                                        statistics.generatedTokens(),
                                        statistics.promptTokens() + statistics.generatedTokens(),
                                        statistics)));
    }

    private static ChatResponse response(
            Generation generation, ChatResponseMetadata.Builder metadata) {
        return new ChatResponse(List.of(generation), metadata.build());
    }

    /** Spring AI's users compare with the names that OpenAI's models gave to these reasons. */
    private static String name(FinishReason reason) {
        return switch (reason) {
            case STOP_TOKEN, STOP_STRING -> "STOP";
            case LENGTH -> "LENGTH";
            case CANCELLED -> "CANCELLED";
            case DEADLINE -> "DEADLINE";
        };
    }
}
