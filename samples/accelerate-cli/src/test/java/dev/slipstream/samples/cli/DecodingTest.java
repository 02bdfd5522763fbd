package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.decode.Statistics;
import dev.slipstream.evaluate.Spread;
import java.time.Duration;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class DecodingTest {
    @Test
    void leavesThePromptAndTheFirstTokenOut() {
        Decoding one = Decoding.of(work(0, 0, 0, 5, 500, 50), text(11, 500, 1500));

        assertThat(one.tokens()).isEqualTo(10);
        assertThat(one.tokensPerSecond()).isCloseTo(10, within(1e-9));
        assertThat(one.tokensPerSecondWithPrompt()).isCloseTo(11 / 1.5, within(1e-9));
        assertThat(one.acceptedPerStep()).isEqualTo(1.5);
        assertThat(one.stages().shares()).isEqualTo(new Stages.Shares(0.1, 0.8, 0.1));
    }

    @Test
    void addsUpTokensAndTimesNotRates() {
        Decoding slow = Decoding.of(Statistics.Work.NONE, text(11, 0, 10_000));
        Decoding fast = Decoding.of(Statistics.Work.NONE, text(91, 0, 1_000));

        assertThat(slow.plus(fast).tokensPerSecond()).isCloseTo(100 / 11.0, within(1e-9));
        assertThat(slow.plus(fast).acceptedPerStep()).isEqualTo(1.5);
    }

    @Test
    void knowsNoRateWithoutASecondToken() {
        Decoding one = Decoding.of(Statistics.Work.NONE, text(1, 500, 500));

        assertThat(one.tokensPerSecond()).isZero();
        assertThat(Decoding.NONE.plus(one).tokensPerSecondWithPrompt()).isEqualTo(2);
        assertThat(Decoding.NONE.acceptedPerStep()).isZero();
        assertThat(Decoding.NONE.stages().shares()).isEqualTo(new Stages.Shares(0, 0, 0));
    }

    @Test
    void comparesRoundByRound() {
        Comparison comparison = new Comparison();
        comparison.add(0, pair("a", 10, "a", 20));
        comparison.add(0, pair("b", 10, "b", 20));
        comparison.add(1, pair("a", 10, "a", 15));
        comparison.add(2, pair("a", 40, "other", 20));

        assertThat(comparison.ratio(Decoding::tokensPerSecond)).isEqualTo(new Spread(1.5, 0.5, 2));
        assertThat(comparison.pairs()).isEqualTo(4);
        assertThat(comparison.different()).isEqualTo(1);
        assertThat(comparison.plain().tokens()).isEqualTo(70);
        assertThat(comparison.drafted().tokens()).isEqualTo(75);
    }

    @Test
    void takesTheMiddleOfAnEvenCount() {
        assertThat(Spread.of(DoubleStream.of(4, 1, 3, 2))).isEqualTo(new Spread(2.5, 1, 4));
        assertThat(Spread.of(DoubleStream.empty())).isNull();
    }

    private static Comparison.Pair pair(String plain, int tokens, String drafted, int more) {
        return new Comparison.Pair(answer(plain, tokens), answer(drafted, more));
    }

    private static Answer answer(String text, int tokensAfterTheFirst) {
        Statistics statistics = text(tokensAfterTheFirst + 1, 0, 1000);
        return new Answer(
                text, new int[0], statistics, Decoding.of(Statistics.Work.NONE, statistics));
    }

    private static Statistics text(int tokens, long firstMillis, long millis) {
        return new Statistics(
                3,
                tokens,
                9,
                Duration.ZERO,
                Duration.ofMillis(firstMillis),
                Duration.ofMillis(millis),
                work(8, 6, 4, 15, 580, 60));
    }

    private static Statistics.Work work(
            int drafted, int accepted, int runs, long drafting, long running, long sampling) {
        return new Statistics.Work(
                0,
                drafted,
                accepted,
                runs,
                Duration.ofMillis(drafting),
                Duration.ofMillis(running),
                Duration.ofMillis(sampling));
    }
}
