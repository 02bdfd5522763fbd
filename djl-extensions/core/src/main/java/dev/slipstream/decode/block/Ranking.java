package dev.slipstream.decode.block;

import java.util.Comparator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** The order in which the unknown places of a block are chosen. */
final class Ranking {
    private Ranking() {}

    /** Returns the unknown places, the one of the highest score first, of equal ones the left. */
    static int[] of(ActiveBlock block, IntToDoubleFunction score) {
        return IntStream.range(0, block.length())
                .filter(place -> !block.known(place))
                .boxed()
                // Not -score: the comparator would tell -0.0 from 0.0.
                .sorted(Comparator.comparingDouble(place -> 0.0 - score.applyAsDouble(place)))
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
