package dev.slipstream.pass;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The layers whose feed-forwards look at each other: each may set off the skipping of those behind
 * it. The layers before and behind are cold, that is, always computed.
 *
 * @param coldStart number of layers at the beginning that are cold; the first of the region
 * @param coldEnd the first layer at the end that is cold again
 */
record SkipRegion(int coldStart, int coldEnd) {
    /** Below it a feed-forward turns the stream by more than 26 degrees: nothing is saturated. */
    static final double LEAST_COSINE = 0.9;

    /** Checks that there is one to set off skipping and one to be skipped. */
    SkipRegion {
        if (coldStart < 0 || coldEnd < coldStart + 2) {
            throw new IllegalArgumentException(
                    "expected a region of 2 or more layers, found %d to %d"
                            .formatted(coldStart, coldEnd));
        }
    }

    /** Returns the layers, those included that are never skipped. */
    List<Integer> layers() {
        return IntStream.range(coldStart, coldEnd).boxed().toList();
    }

    /** Returns the layers that may be skipped: all but the first, which nothing sets off. */
    List<Integer> skippable() {
        return IntStream.range(coldStart + 1, coldEnd).boxed().toList();
    }
}
