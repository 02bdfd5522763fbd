package dev.slipstream.samples.cli;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** Says given pieces, one token each, and remembers what it was asked. */
final class ScriptedGenerator implements TextGenerator {
    private final List<String> pieces;
    Prompt asked = new Prompt("", new int[0]);
    GenerationOptions options = GenerationOptions.greedy();
    int closed;

    /** Called before each piece with the number of pieces that came before. */
    IntConsumer beforePiece = n -> {};

    /** What was saved, by the number of pieces that were said. */
    IntFunction<Statistics.Work> work = said -> Statistics.Work.NONE;

    ScriptedGenerator(String... pieces) {
        this.pieces = List.of(pieces);
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public int contextLength() {
        return 100;
    }

    @Override
    public int vocabularySize() {
        return 256;
    }

    @Override
    public GenerationOptions defaults() {
        return GenerationOptions.builder().maxTokens(17).topK(3).build();
    }

    @Override
    public boolean hasChatTemplate() {
        return true;
    }

    @Override
    public Prompt prompt(String text) {
        return new Prompt(text, new int[text.length() + 1]);
    }

    @Override
    public Prompt chat(List<ChatMessage> messages, List<ChatMessage.Tool> tools) {
        return prompt(
                messages.stream()
                        .map(message -> message.role() + ":" + message.content())
                        .collect(Collectors.joining("|")));
    }

    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions chosen) {
        asked = prompt;
        options = chosen;
        return new TokenStream() {
            private int said;
            private boolean cancelled;

            @Override
            public boolean hasNext() {
                if (!cancelled && said < pieces.size()) {
                    beforePiece.accept(said);
                }
                return !cancelled && said < pieces.size();
            }

            @Override
            public TextChunk next() {
                if (said == pieces.size()) {
                    throw new NoSuchElementException();
                }
                String piece = pieces.get(said++);
                boolean report = chosen.topLogProbabilities() != null;
                Token token =
                        new Token(
                                said,
                                piece,
                                report ? -0.5 : null,
                                report
                                        ? List.of(new Token.Alternative(9, "other", -1.25))
                                        : List.of());
                return new TextChunk(piece, List.of(token));
            }

            @Override
            public void cancel() {
                cancelled = true;
            }

            @Override
            public FinishReason finishReason() {
                return cancelled ? FinishReason.CANCELLED : FinishReason.LENGTH;
            }

            @Override
            public Statistics statistics() {
                return new Statistics(
                        prompt.length(),
                        said,
                        said + 1,
                        Duration.ZERO,
                        Duration.ofMillis(250),
                        Duration.ofMillis(1250),
                        work.apply(said));
            }

            @Override
            public void close() {
                cancelled = true;
            }
        };
    }

    @Override
    public void close() {
        closed++;
    }
}
