package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PromptLookupTest {
    private static final DraftLimit FIVE = new DraftLimit(5, 0);

    @Test
    void aDraftContinuesAnOccurrenceOfTheLongestEnd() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int trial = 0; trial < 1_500; trial++) {
            int[] text = Texts.random(random, 40);
            int shortest = 1 + random.nextInt(4);
            Drafter drafter = new PromptLookup.Copying(shortest);
            int known = 0;
            while (known < text.length) {
                int more = known + 1 + random.nextInt(text.length - known);
                drafter.extend(text, known, more);
                known = more;
                Draft draft = drafter.propose(FIVE);
                LongestMatch match = LongestMatch.of(text, known);
                String where = "seed %d, trial %d, length %d".formatted(seed, trial, known);
                if (match.length() < shortest) {
                    assertThat(draft.length()).as(where).isZero();
                } else {
                    int length = known;
                    assertThat(match.ends())
                            .as(where)
                            .anySatisfy(
                                    end ->
                                            assertThat(draft.tokens())
                                                    .isEqualTo(copied(text, length, end)));
                }
            }
        }
    }

    /** The text with the draft after it, written one by one, reads from itself. */
    private static int[] copied(int[] text, int length, int end) {
        int[] whole = new int[length + FIVE.tokens()];
        System.arraycopy(text, 0, whole, 0, length);
        for (int i = 0; i < FIVE.tokens(); i++) {
            whole[length + i] = whole[end + i];
        }
        int[] draft = new int[FIVE.tokens()];
        System.arraycopy(whole, length, draft, 0, draft.length);
        return draft;
    }

    @Test
    void aPeriodGoesOn() {
        Drafter drafter = new PromptLookup.Copying(2);
        drafter.extend(new int[] {1, 2, 3, 1, 2}, 0, 5);
        assertThat(drafter.propose(new DraftLimit(8, 0)).tokens())
                .containsExactly(3, 1, 2, 3, 1, 2, 3, 1);
    }

    @Test
    void aTextDoesNotMatchItself() {
        Drafter drafter = new PromptLookup.Copying(1);
        drafter.extend(new int[] {1, 2, 3}, 0, 3);
        assertThat(drafter.propose(FIVE)).isSameAs(Draft.NONE);
    }

    @Test
    void confidenceGrowsWithTheMatchAndDecidesWhetherToDraft() {
        Drafter drafter = new PromptLookup.Copying(2);
        drafter.extend(new int[] {1, 2, 3, 1, 2}, 0, 5);
        assertThat(drafter.propose(new DraftLimit(3, 0.5)).confidences())
                .containsExactly(2 / 4.0, 3 / 5.0, 4 / 6.0);
        assertThat(drafter.propose(new DraftLimit(3, 0.51)).length()).isZero();
    }

    @Test
    void anImpossibleMatchIsRefused() {
        assertThatThrownBy(() -> new PromptLookup(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("shortestMatch: expected 1 token or more, found 0");
    }
}
