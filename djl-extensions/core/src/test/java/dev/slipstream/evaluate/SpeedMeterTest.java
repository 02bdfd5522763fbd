package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class SpeedMeterTest {
    private static final List<Prompt> PROMPTS =
            List.of(new Prompt("p", new int[] {1}), new Prompt("q", new int[] {2}));

    private final List<String> order = new ArrayList<>();
    private final List<Integer> done = new ArrayList<>();

    @Test
    void takesTurnsAndChangesWhoIsFirst() {
        measure(new Clock("a", 1000), new Clock("b", 500), 1, 2);

        assertThat(order)
                .containsExactly(
                        "a p", "b p", "a p", "b p", "b q", "a q", "b p", "a p", "a q", "b q");
        assertThat(done).containsExactly(2, 4, 6, 8, 10);
        assertThat(new SpeedMeter(PROMPTS, 8, 1, 2).texts()).isEqualTo(10);
    }

    @Test
    void dividesRatesWithinARound() {
        // The whole machine slows down from text to text; the ratio does not see it.
        Speed speed = measure(new Clock("a", 1000), new Clock("b", 500), 0, 3);

        assertThat(speed.ratio().median()).isCloseTo(2, within(1e-9));
        assertThat(speed.ratio().least()).isCloseTo(2, within(1e-9));
        assertThat(speed.firstTokenRatio().median()).isCloseTo(2, within(1e-9));
        assertThat(speed.tokensPerSecond().most())
                .isGreaterThan(1.5 * speed.tokensPerSecond().least());
        // The first round's 7 tokens after the first take 1 ms each.
        assertThat(speed.originalTokensPerSecond().most()).isCloseTo(1000, within(1e-6));
        assertThat(speed.originalFirstToken().least()).isCloseTo(0.01, within(1e-9));
    }

    @Test
    void decodesEquallyManyTokensAtTheAskedLevel() {
        Clock original = new Clock("a", 1000);
        Clock candidate = new Clock("b", 1000);
        new SpeedMeter(PROMPTS, 8, 0, 1)
                .measure(original, candidate, EffortRequest.of("fast"), done::add);

        assertThat(original.asked).allMatch(asked -> asked.effort().equals(EffortRequest.NONE));
        assertThat(candidate.asked)
                .allMatch(asked -> asked.effort().equals(EffortRequest.of("fast")))
                .allMatch(asked -> asked.ignoreEndOfText() && asked.maxTokens() == 8)
                .allMatch(asked -> asked.temperature() == 0);
    }

    @Test
    void endsWhereItIsToldTo() {
        assertThatThrownBy(
                        () ->
                                new SpeedMeter(PROMPTS, 8, 1, 1)
                                        .measure(
                                                new Clock("a", 1),
                                                new Clock("b", 1),
                                                EffortRequest.NONE,
                                                count -> {
                                                    throw new CancellationException();
                                                }))
                .isInstanceOf(CancellationException.class);
        assertThat(order).hasSize(2);
    }

    @Test
    void refusesWhatMeasuresNothing() {
        assertThatThrownBy(() -> new SpeedMeter(List.of(), 8, 1, 1))
                .hasMessageContaining("prompts");
        assertThatThrownBy(() -> new SpeedMeter(PROMPTS, 1, 1, 1))
                .hasMessageContaining("maxTokens");
        assertThatThrownBy(() -> new SpeedMeter(PROMPTS, 8, -1, 1)).hasMessageContaining("warmUp");
        assertThatThrownBy(() -> new SpeedMeter(PROMPTS, 8, 1, 0)).hasMessageContaining("rounds");
    }

    private Speed measure(Clock original, Clock candidate, int warmUp, int rounds) {
        return new SpeedMeter(PROMPTS, 8, warmUp, rounds)
                .measure(original, candidate, EffortRequest.NONE, done::add);
    }

    /** Says that a token took so many microseconds, and more from round to round. */
    private final class Clock implements TextGenerator {
        private final String name;
        private final long micros;
        private final List<GenerationOptions> asked = new ArrayList<>();

        Clock(String name, long micros) {
            this.name = name;
            this.micros = micros;
        }

        @Override
        public TokenStream stream(Prompt prompt, GenerationOptions options) {
            order.add(name + " " + prompt.text());
            long slower = micros * (1 + asked.size() / PROMPTS.size());
            asked.add(options);
            return new Script(options.maxTokens(), slower);
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public int contextLength() {
            return 64;
        }

        @Override
        public int vocabularySize() {
            return 8;
        }

        @Override
        public GenerationOptions defaults() {
            return GenerationOptions.greedy();
        }

        @Override
        public boolean hasChatTemplate() {
            return false;
        }

        @Override
        public Prompt prompt(String text) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Prompt chat(List<ChatMessage> messages, List<ChatMessage.Tool> tools) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    private static final class Script implements TokenStream {
        private final int tokens;
        private final long micros;
        private int written;

        Script(int tokens, long micros) {
            this.tokens = tokens;
            this.micros = micros;
        }

        @Override
        public boolean hasNext() {
            return written < tokens;
        }

        @Override
        public TextChunk next() {
            written++;
            return new TextChunk("x", List.of());
        }

        @Override
        public void cancel() {}

        @Override
        public FinishReason finishReason() {
            return FinishReason.LENGTH;
        }

        @Override
        public Statistics statistics() {
            Duration first = Duration.ofNanos(10_000 * micros);
            return new Statistics(
                    1,
                    written,
                    written,
                    Duration.ZERO,
                    first,
                    first.plus(Duration.ofNanos(1000 * micros * (written - 1))));
        }

        @Override
        public void close() {}
    }
}
