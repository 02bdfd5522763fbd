package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.PromptTooLongException;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a request asks of the plain decoder is what it gets, on the embedded storyteller. */
class GeneratorTest {
    private static AutoregressiveGenerator generator;

    @BeforeAll
    static void open() {
        generator = Models.open("storyteller-7m", LoadOptions.defaults());
    }

    @AfterAll
    static void close() {
        generator.close();
    }

    private static Prompt prompt() {
        return generator.prompt("There was once a little princess whose father was king");
    }

    private static GenerationOptions.Builder greedy(int tokens) {
        return GenerationOptions.builder().maxTokens(tokens);
    }

    @Test
    void countsWhatItUsed() {
        Generation text = generator.generate(prompt(), greedy(30).build());
        Statistics statistics = text.statistics();
        assertThat(text.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(text.tokens()).hasSize(30);
        assertThat(statistics.promptTokens()).isEqualTo(prompt().length());
        assertThat(statistics.generatedTokens()).isEqualTo(30);
        assertThat(statistics.graphRuns()).isEqualTo(30);
        assertThat(statistics.timeToFirstToken()).isPositive();
        assertThat(statistics.elapsed()).isGreaterThan(statistics.timeToFirstToken());
        assertThat(statistics.tokensPerSecond()).isPositive();
    }

    @Test
    void piecesJoinToTheWholeText() {
        StringBuilder joined = new StringBuilder();
        List<Token> tokens = new ArrayList<>();
        try (TokenStream stream = generator.stream(prompt(), greedy(60).build())) {
            while (stream.hasNext()) {
                TextChunk chunk = stream.next();
                joined.append(chunk.text());
                tokens.addAll(chunk.tokens());
            }
        }
        Generation whole = generator.generate(prompt(), greedy(60).build());
        assertThat(joined.toString()).isEqualTo(whole.text());
        assertThat(tokens).isEqualTo(whole.tokens());
    }

    @Test
    void endsBeforeAStopStringWhereverTokensEnd() {
        String text = generator.generate(prompt(), greedy(60).build()).text();
        for (int from = 5; from < text.length() - 12; from += 7) {
            String stop = text.substring(from, from + 9);
            Generation cut =
                    generator.generate(prompt(), greedy(60).stopStrings(List.of(stop)).build());
            assertThat(cut.text()).isEqualTo(text.substring(0, text.indexOf(stop)));
            assertThat(cut.finishReason()).isEqualTo(FinishReason.STOP_STRING);
        }
    }

    @Test
    void takesAStopStringOf10000Characters() {
        String stop = "all work and no play ".repeat(500).substring(0, 10_000);
        GenerationOptions options = greedy(20).stopStrings(List.of(stop)).build();
        assertThat(generator.generate(prompt(), options).text())
                .isEqualTo(generator.generate(prompt(), greedy(20).build()).text());
    }

    @Test
    void endsAtAStopTokenWhichIsNotText() {
        Generation whole = generator.generate(prompt(), greedy(30).build());
        int stop = whole.tokens().get(12).id();
        Generation cut = generator.generate(prompt(), greedy(30).stopTokens(Set.of(stop)).build());
        int first = whole.tokens().stream().map(Token::id).toList().indexOf(stop);
        assertThat(cut.finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
        assertThat(cut.tokens()).isEqualTo(whole.tokens().subList(0, first));
        assertThat(cut.statistics().generatedTokens()).isEqualTo(first + 1);
    }

    @Test
    void writesNothingForNoTokens() {
        Generation text = generator.generate(prompt(), greedy(0).build());
        assertThat(text.text()).isEmpty();
        assertThat(text.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(text.statistics().graphRuns()).isZero();
    }

    @Test
    void fillsTheContextAndNoMore() {
        GenerationOptions options = greedy(10_000).ignoreEndOfText(true).build();
        Generation text = generator.generate(prompt(), options);
        assertThat(text.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(text.statistics().generatedTokens())
                .isEqualTo(generator.contextLength() - prompt().length() + 1);
    }

    @Test
    void reportsTheModelsLogProbabilities() {
        Generation text = generator.generate(prompt(), greedy(10).topLogProbabilities(5).build());
        for (Token token : text.tokens()) {
            assertThat(token.alternatives()).hasSize(5);
            assertThat(token.alternatives().get(0).id()).isEqualTo(token.id());
            assertThat(token.alternatives().get(0).logProbability())
                    .isEqualTo(token.logProbability());
            assertThat(token.alternatives())
                    .isSortedAccordingTo(
                            (a, b) -> Double.compare(b.logProbability(), a.logProbability()));
            double sum =
                    token.alternatives().stream()
                            .mapToDouble(other -> Math.exp(other.logProbability()))
                            .sum();
            assertThat(sum).isBetween(0.0, 1.0);
        }
    }

    @Test
    void aSeedGivesTheSameTextOnAnyNumberOfThreads() {
        GenerationOptions options =
                greedy(80).temperature(0.9).topP(0.95).topK(100).minP(0.01).seed(42L).build();
        String text = generator.generate(prompt(), options).text();
        for (int threads : new int[] {1, 2, 3}) {
            LoadOptions load = LoadOptions.defaults().withThreads(threads);
            try (AutoregressiveGenerator other = Models.open("storyteller-7m", load)) {
                assertThat(other.generate(prompt(), options).text()).isEqualTo(text);
            }
        }
        assertThat(generator.generate(prompt(), options.toBuilder().seed(43L).build()).text())
                .isNotEqualTo(text);
    }

    @Test
    void isCancelledFromAnotherThread() throws Exception {
        GenerationOptions endless = greedy(10_000).ignoreEndOfText(true).build();
        try (TokenStream stream = generator.stream(prompt(), endless)) {
            assertThat(stream.hasNext()).isTrue();
            CompletableFuture.runAsync(stream::cancel).get(10, TimeUnit.SECONDS);
            int chunks = 0;
            while (stream.hasNext()) {
                stream.next();
                chunks++;
            }
            assertThat(chunks).isLessThanOrEqualTo(1);
            assertThat(stream.finishReason()).isEqualTo(FinishReason.CANCELLED);
        }
    }

    @Test
    void isOverWhenItsDeadlinePasses() {
        GenerationOptions late = greedy(100).deadline(Duration.ZERO).build();
        Generation text = generator.generate(prompt(), late);
        assertThat(text.finishReason()).isEqualTo(FinishReason.DEADLINE);
        assertThat(text.statistics().graphRuns()).isZero();
    }

    @Test
    void closingTheModelEndsItsStreams() {
        AutoregressiveGenerator mortal = Models.open("stories260k", LoadOptions.defaults());
        TokenStream stream = mortal.stream(mortal.prompt(""), greedy(500).build());
        assertThat(stream.hasNext()).isTrue();
        mortal.close();
        stream.next();
        assertThat(stream.hasNext()).isFalse();
        assertThat(stream.finishReason()).isEqualTo(FinishReason.CANCELLED);
        stream.close();
    }

    @Test
    void startsFromTheBeginTokenAlone() {
        assertThat(generator.prompt("").ids()).containsExactly(0);
    }

    @Test
    void refusesHalfOfASurrogatePair() {
        assertThatThrownBy(() -> generator.prompt("a\uD83D b"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("U+D83D")
                .hasMessageContaining("index 1");
        assertThat(generator.prompt("a\uD83D\uDE00").length()).isPositive();
    }

    @Test
    void refusesAPromptThatIsTooLongWithBothLengths() {
        Prompt words = generator.prompt("all work and no play ".repeat(200));
        assertThatThrownBy(() -> generator.stream(words, greedy(1).build()))
                .isInstanceOf(PromptTooLongException.class)
                .hasMessageContaining("has " + words.length() + " tokens")
                .hasMessageContaining("512");
    }

    @Test
    void refusesAPromptOf10MegabytesWithoutReadingIt() {
        String huge = "all work and no play ".repeat(500_000);
        assertThatThrownBy(() -> generator.prompt(huge))
                .isInstanceOf(PromptTooLongException.class)
                .hasMessageContaining("at least")
                .hasMessageContaining("512");
    }

    @Test
    void refusesBiasOfATokenThatItDoesNotHave() {
        GenerationOptions options = greedy(1).logitBias(java.util.Map.of(99_999, 1.0)).build();
        assertThatThrownBy(() -> generator.stream(prompt(), options))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("logitBias")
                .hasMessageContaining("99999");
    }

    @Test
    void aStorytellerJoinsTheMessages() {
        Prompt chat =
                generator.chat(
                        List.of(ChatMessage.system("Once upon a time"), ChatMessage.user("a fox")),
                        List.of());
        assertThat(generator.hasChatTemplate()).isFalse();
        assertThat(chat).isEqualTo(generator.prompt("Once upon a time\n\na fox"));
    }

    @Test
    void anUnknownNameListsThoseThatAreEmbedded() {
        assertThatThrownBy(() -> Models.open("storyteller", LoadOptions.defaults()))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("storyteller: expected the name of an embedded model (")
                .hasMessageContaining("storyteller-7m, stories260k, babyllama105");
    }
}
