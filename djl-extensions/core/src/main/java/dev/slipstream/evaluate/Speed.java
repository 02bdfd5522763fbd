package dev.slipstream.evaluate;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How fast two models decoded the same prompts in turns. A value has its spread over the rounds;
 * the ratios are taken within a round, so that whatever else the machine did meets both sides.
 *
 * @param originalTokensPerSecond of the untouched model, after the first token
 * @param tokensPerSecond of the candidate
 * @param ratio the candidate's rate over the original's, above 1 if it is faster
 * @param originalFirstToken seconds from request to first token, the mean of a round
 * @param firstToken the same of the candidate
 * @param firstTokenRatio the original's seconds over the candidate's, above 1 if it is faster
 */
public record Speed(
        Spread originalTokensPerSecond,
        Spread tokensPerSecond,
        Spread ratio,
        Spread originalFirstToken,
        Spread firstToken,
        Spread firstTokenRatio) {
    /** What one model did in one round. */
    record Round(long laterTokens, double laterSeconds, int texts, double firstSeconds) {
        static final Round NONE = new Round(0, 0, 0, 0);

        Round plus(Round other) {
            return new Round(
                    laterTokens + other.laterTokens,
                    laterSeconds + other.laterSeconds,
                    texts + other.texts,
                    firstSeconds + other.firstSeconds);
        }

        double rate() {
            return laterTokens / laterSeconds;
        }

        double first() {
            return firstSeconds / texts;
        }
    }

    /** Returns the speeds of several rounds, one of each model in each. */
    static Speed of(List<Round> originals, List<Round> candidates) {
        return new Speed(
                spread(originals, Round::rate),
                spread(candidates, Round::rate),
                ratios(candidates, originals, Round::rate),
                spread(originals, Round::first),
                spread(candidates, Round::first),
                ratios(originals, candidates, Round::first));
    }

    private static Spread spread(List<Round> rounds, ToDoubleFunction<Round> value) {
        return present(Spread.of(rounds.stream().mapToDouble(value)));
    }

    private static Spread ratios(
            List<Round> above, List<Round> below, ToDoubleFunction<Round> value) {
        return present(
                Spread.of(
                        IntStream.range(0, above.size())
                                .mapToDouble(
                                        i ->
                                                value.applyAsDouble(above.get(i))
                                                        / value.applyAsDouble(below.get(i)))));
    }

    private static Spread present(@Nullable Spread spread) {
        if (spread == null) {
            throw new IllegalArgumentException("rounds: expected 1 or more, found none");
        }
        return spread;
    }
}
