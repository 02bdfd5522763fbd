package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Matches against {@link LongestMatch}; the bounds that Blumer and others (1985) prove. */
class SuffixAutomatonTest {
    @Test
    void theMatchIsTheLongestEndThatOccurredBefore() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int trial = 0; trial < 1_500; trial++) {
            int[] text = Texts.random(random, 60);
            SuffixAutomaton automaton = new SuffixAutomaton();
            assertThat(automaton.matchLength()).isZero();
            for (int length = 1; length <= text.length; length++) {
                automaton.append(text[length - 1]);
                LongestMatch expected = LongestMatch.of(text, length);
                assertThat(automaton.matchLength())
                        .as("seed %d, trial %d, length %d", seed, trial, length)
                        .isEqualTo(expected.length());
                if (expected.length() > 0) {
                    assertThat(expected.ends())
                            .as("seed %d, trial %d, length %d", seed, trial, length)
                            .contains(automaton.matchEnd());
                }
            }
        }
    }

    @Test
    void longTextsMatchToo() {
        int[] text = Texts.fibonacci(2_500);
        SuffixAutomaton automaton = new SuffixAutomaton();
        for (int length = 1; length <= text.length; length++) {
            automaton.append(text[length - 1]);
            if (length % 50 == 0) {
                LongestMatch expected = LongestMatch.of(text, length);
                assertThat(automaton.matchLength()).isEqualTo(expected.length());
                assertThat(expected.ends()).contains(automaton.matchEnd());
            }
        }
    }

    @Test
    void ofTwoOccurrencesTheLaterIsTaken() {
        SuffixAutomaton automaton = new SuffixAutomaton();
        for (int token : new int[] {7, 8, 1, 7, 8, 2, 7, 8}) {
            automaton.append(token);
        }
        assertThat(automaton.matchLength()).isEqualTo(2);
        assertThat(automaton.matchEnd()).isEqualTo(5);
    }

    @Test
    void timeAndSpaceATokenAreConstantOnAverage() {
        int length = 50_000;
        Random random = new Random(5);
        List<int[]> texts =
                List.of(
                        new int[length],
                        Texts.fibonacci(length),
                        random.ints(length, 0, 2).toArray(),
                        random.ints(length, 0, 30).toArray(),
                        random.ints(length, 0, 30_000).toArray());
        for (int[] text : texts) {
            SuffixAutomaton automaton = new SuffixAutomaton();
            long steps = 0;
            for (int token : text) {
                steps += automaton.append(token);
            }
            assertThat(steps).isLessThan(6L * length);
            assertThat(automaton.states()).isLessThanOrEqualTo(2 * length);
            assertThat(automaton.branches()).isLessThanOrEqualTo(length);
        }
    }
}
