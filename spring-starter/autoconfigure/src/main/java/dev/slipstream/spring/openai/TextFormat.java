package dev.slipstream.spring.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The answers of <code>/v1/completions</code>; one form for whole answers and events. */
final class TextFormat implements AnswerFormat {
    private final boolean logprobs;

    /** Where each choice's next token begins, in characters. */
    private final Map<Integer, Integer> offsets = new LinkedHashMap<>();

    /**
     * Constructs a format for one answer.
     *
     * @param logprobs whether the answer holds log-probabilities
     */
    TextFormat(boolean logprobs) {
        this.logprobs = logprobs;
    }

    record Answer(
            String id,
            String object,
            long created,
            String model,
            String systemFingerprint,
            List<Choice> choices,
            @Nullable Usage usage) {}

    record Choice(
            int index,
            String text,
            @Nullable Logprobs logprobs,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable String finishReason) {}

    record Logprobs(
            List<String> tokens,
            List<Double> tokenLogprobs,
            List<Map<String, Double>> topLogprobs,
            List<Integer> textOffset) {}

    @Override
    public @Nullable Object opening(Heading heading, int choice) {
        return null;
    }

    @Override
    public Object piece(Heading heading, int choice, TextChunk chunk) {
        return answer(
                heading,
                List.of(new Choice(choice, chunk.text(), logprobs(choice, chunk.tokens()), null)),
                null);
    }

    @Override
    public Object ending(Heading heading, int choice, FinishReason reason) {
        return answer(
                heading, List.of(new Choice(choice, "", null, AnswerFormat.word(reason))), null);
    }

    @Override
    public Object usage(Heading heading, Usage usage) {
        return answer(heading, List.of(), usage);
    }

    @Override
    public Object whole(Heading heading, List<Generation> choices, Usage usage) {
        List<Choice> written = new ArrayList<>();
        for (Generation choice : choices) {
            int index = written.size();
            written.add(
                    new Choice(
                            index,
                            choice.text(),
                            logprobs(index, choice.tokens()),
                            AnswerFormat.word(choice.finishReason())));
        }
        return answer(heading, written, usage);
    }

    private static Answer answer(Heading heading, List<Choice> choices, @Nullable Usage usage) {
        return new Answer(
                heading.id(),
                "text_completion",
                heading.created(),
                heading.model(),
                heading.systemFingerprint(),
                choices,
                usage);
    }

    private @Nullable Logprobs logprobs(int choice, List<Token> tokens) {
        if (!logprobs) {
            return null;
        }
        Logprobs all =
                new Logprobs(
                        new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        int offset = offsets.getOrDefault(choice, 0);
        for (Token token : tokens) {
            Double logProbability = token.logProbability();
            Map<String, Double> top = new LinkedHashMap<>();
            for (Token.Alternative other : token.alternatives()) {
                // Two ids may look alike; the likelier comes first and stays.
                top.putIfAbsent(other.text(), AnswerFormat.finite(other.logProbability()));
            }
            all.tokens().add(token.text());
            all.tokenLogprobs()
                    .add(
                            AnswerFormat.finite(
                                    logProbability == null
                                            ? Double.NEGATIVE_INFINITY
                                            : logProbability));
            all.topLogprobs().add(top);
            all.textOffset().add(offset);
            offset += token.text().codePointCount(0, token.text().length());
        }
        offsets.put(choice, offset);
        return all;
    }
}
