package dev.slipstream.spring.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.Token;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The answers of <code>/v1/chat/completions</code>. */
final class ChatFormat implements AnswerFormat {
    private final boolean logprobs;

    /**
     * Constructs a format.
     *
     * @param logprobs whether the answer holds log-probabilities
     */
    ChatFormat(boolean logprobs) {
        this.logprobs = logprobs;
    }

    record Answer(
            String id,
            String object,
            long created,
            String model,
            String systemFingerprint,
            List<Choice> choices,
            Usage usage) {}

    record Choice(int index, Message message, @Nullable Logprobs logprobs, String finishReason) {}

    record Message(String role, String content) {}

    record Event(
            String id,
            String object,
            long created,
            String model,
            String systemFingerprint,
            List<Part> choices,
            @Nullable Usage usage) {}

    record Part(
            int index,
            Delta delta,
            @Nullable Logprobs logprobs,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable String finishReason) {}

    record Delta(@Nullable String role, @Nullable String content) {}

    record Logprobs(List<TokenLogprob> content) {}

    record TokenLogprob(
            String token,
            double logprob,
            @JsonInclude(JsonInclude.Include.ALWAYS) int @Nullable [] bytes,
            List<Alternative> topLogprobs) {}

    record Alternative(
            String token,
            double logprob,
            @JsonInclude(JsonInclude.Include.ALWAYS) int @Nullable [] bytes) {}

    @Override
    public Object opening(Heading heading, int choice) {
        return event(heading, new Part(choice, new Delta("assistant", ""), null, null));
    }

    @Override
    public Object piece(Heading heading, int choice, TextChunk chunk) {
        return event(
                heading,
                new Part(choice, new Delta(null, chunk.text()), logprobs(chunk.tokens()), null));
    }

    @Override
    public Object ending(Heading heading, int choice, FinishReason reason) {
        return event(
                heading, new Part(choice, new Delta(null, null), null, AnswerFormat.word(reason)));
    }

    @Override
    public Object usage(Heading heading, Usage usage) {
        return new Event(
                heading.id(),
                "chat.completion.chunk",
                heading.created(),
                heading.model(),
                heading.systemFingerprint(),
                List.of(),
                usage);
    }

    @Override
    public Object whole(Heading heading, List<Generation> choices, Usage usage) {
        List<Choice> written = new ArrayList<>();
        for (Generation choice : choices) {
            written.add(
                    new Choice(
                            written.size(),
                            new Message("assistant", choice.text()),
                            logprobs(choice.tokens()),
                            AnswerFormat.word(choice.finishReason())));
        }
        return new Answer(
                heading.id(),
                "chat.completion",
                heading.created(),
                heading.model(),
                heading.systemFingerprint(),
                written,
                usage);
    }

    private static Event event(Heading heading, Part part) {
        return new Event(
                heading.id(),
                "chat.completion.chunk",
                heading.created(),
                heading.model(),
                heading.systemFingerprint(),
                List.of(part),
                null);
    }

    private @Nullable Logprobs logprobs(List<Token> tokens) {
        if (!logprobs) {
            return null;
        }
        List<TokenLogprob> content = new ArrayList<>();
        for (Token token : tokens) {
            List<Alternative> alternatives = new ArrayList<>();
            for (Token.Alternative other : token.alternatives()) {
                alternatives.add(
                        new Alternative(
                                other.text(),
                                AnswerFormat.finite(other.logProbability()),
                                bytes(other.text())));
            }
            Double logProbability = token.logProbability();
            content.add(
                    new TokenLogprob(
                            token.text(),
                            AnswerFormat.finite(
                                    logProbability == null
                                            ? Double.NEGATIVE_INFINITY
                                            : logProbability),
                            bytes(token.text()),
                            alternatives));
        }
        return new Logprobs(content);
    }

    /** The bytes of a token that holds a part of a character are not known here. */
    private static int @Nullable [] bytes(String text) {
        if (text.indexOf('\uFFFD') >= 0) {
            return null;
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int[] numbers = new int[utf8.length];
        for (int i = 0; i < utf8.length; i++) {
            numbers[i] = utf8[i] & 0xff;
        }
        return numbers;
    }
}
