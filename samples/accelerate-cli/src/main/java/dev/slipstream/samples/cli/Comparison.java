package dev.slipstream.samples.cli;

import dev.slipstream.evaluate.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Plain decoding beside a drafter's, on the same prompts in the same rounds. Whatever else the
 * machine does meanwhile meets both, so that their ratio is worth more than either rate.
 */
final class Comparison {
    private final List<Decoding> plain = new ArrayList<>();
    private final List<Decoding> drafted = new ArrayList<>();
    private int pairs;
    private int different;

    /** Adds both texts of one prompt. */
    void add(int round, Pair pair) {
        add(plain, round, pair.plain().decoding());
        add(drafted, round, pair.drafted().decoding());
        pairs++;
        if (!pair.plain().text().equals(pair.drafted().text())) {
            different++;
        }
    }

    private static void add(List<Decoding> rounds, int round, Decoding one) {
        while (rounds.size() <= round) {
            rounds.add(Decoding.NONE);
        }
        rounds.set(round, rounds.get(round).plus(one));
    }

    /** Returns plain decoding, all rounds together. */
    Decoding plain() {
        return plain.stream().reduce(Decoding.NONE, Decoding::plus);
    }

    /** Returns the drafter's decoding, all rounds together. */
    Decoding drafted() {
        return drafted.stream().reduce(Decoding.NONE, Decoding::plus);
    }

    /** Returns how often both decoded a prompt. */
    int pairs() {
        return pairs;
    }

    /** Returns for how many of them the texts were not the same. */
    int different() {
        return different;
    }

    /**
     * Returns how many times the plain rate the drafter's is, over the rounds; null if no round has
     * both.
     */
    @Nullable Spread ratio(ToDoubleFunction<Decoding> rate) {
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < plain.size(); round++) {
            double base = rate.applyAsDouble(plain.get(round));
            double other = rate.applyAsDouble(drafted.get(round));
            if (base > 0 && other > 0) {
                ratios.add(other / base);
            }
        }
        return Spread.of(ratios.stream().mapToDouble(Double::doubleValue));
    }

    /** Both texts of one prompt. */
    record Pair(Answer plain, Answer drafted) {}
}
