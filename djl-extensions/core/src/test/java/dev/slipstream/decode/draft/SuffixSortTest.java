package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Against sorting the suffixes as they are. */
class SuffixSortTest {
    @Test
    void suffixesAreInOrder() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int trial = 0; trial < 4_000; trial++) {
            int[] text = Texts.random(random, 80);
            assertThat(SuffixSort.sort(text.clone()))
                    .as("seed %d, trial %d, text %s", seed, trial, Arrays.toString(text))
                    .isEqualTo(sorted(text));
        }
    }

    @Test
    void longRepetitionsAreSorted() {
        for (int[] text : new int[][] {new int[3_000], Texts.fibonacci(3_000)}) {
            assertThat(SuffixSort.sort(text.clone())).isEqualTo(sorted(text));
        }
    }

    /** Ids and separators are compared as signed numbers. */
    @Test
    void separatorsComeFirst() {
        assertThat(SuffixSort.sort(new int[] {5, -1, 5, 7, -1})).containsExactly(4, 1, 0, 2, 3);
    }

    private static int[] sorted(int[] text) {
        return IntStream.range(0, text.length)
                .boxed()
                .sorted((a, b) -> Arrays.compare(text, a, text.length, text, b, text.length))
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
