package dev.slipstream.decode.draft.diffuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.checkpoint.BlockDiffusion.Alignment;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which rows predict which places, and what several runs fill in. */
class MaskedBlockTest {
    private static final int VOCABULARY = 12;
    private static final int MASK = 11;

    private static CandidateReader reader() {
        return new CandidateReader(DiffuSpecOptions.DEFAULT, VOCABULARY, MASK, Set.of());
    }

    private static BlockDiffusion model(Alignment alignment) {
        return new BlockDiffusion(16, MASK, alignment);
    }

    /** By row the token that it predicts, and how surely. */
    private static Logits rows(int[] tokens, double[] peaks) {
        FloatBuffer values = FloatBuffer.allocate(tokens.length * VOCABULARY);
        for (int i = 0; i < tokens.length; i++) {
            values.put(i * VOCABULARY + tokens[i], (float) peaks[i]);
        }
        return new Logits(values, tokens.length, VOCABULARY);
    }

    @ParameterizedTest
    @EnumSource(Alignment.class)
    void placesAreReadFromTheirRowsBehindOthers(Alignment alignment) {
        MaskedBlock block = new MaskedBlock(5, 3, model(alignment), 1);
        assertThat(block.tokens()).containsExactly(5, MASK, MASK, MASK);
        double[] peaks = new double[6];
        Arrays.fill(peaks, 9);
        // Two rows of text come before the block's own.
        block.read(rows(new int[] {8, 9, 0, 1, 2, 3}, peaks), reader());
        assertThat(block.open()).isFalse();
        int first = alignment == Alignment.SHIFTED ? 0 : 1;
        assertThat(block.candidates())
                .extracting(place -> place.tokens()[0])
                .containsExactly(first, first + 1, first + 2);
    }

    @Test
    void theSurestPlacesAreFilledFirst() {
        MaskedBlock block = new MaskedBlock(5, 3, model(Alignment.SHIFTED), 2);
        block.read(rows(new int[] {1, 2, 3, 0}, new double[] {4, 6, 5, 9}), reader());
        // Two of three, so that one is left for the second run.
        assertThat(block.tokens()).containsExactly(5, MASK, 2, 3);
        assertThat(block.open()).isTrue();
        Candidates kept = block.candidates().get(1);
        block.read(rows(new int[] {7, 8, 9, 0}, new double[] {9, 9, 9, 9}), reader());
        assertThat(block.open()).isFalse();
        // What was filled stays as it was read: only masked places are predicted.
        assertThat(block.candidates())
                .extracting(place -> place.tokens()[0])
                .containsExactly(7, 2, 3);
        assertThat(block.candidates().get(1)).isSameAs(kept);
    }

    @Test
    void anyNumberOfRunsFillsEveryPlaceOnce() {
        Random random = new Random(31);
        for (int places = 1; places < 10; places++) {
            for (int runs = 1; runs < 12; runs++) {
                MaskedBlock block = new MaskedBlock(5, places, model(Alignment.ALIGNED), runs);
                int done = 0;
                while (block.open()) {
                    int[] before = block.tokens();
                    int[] tokens = random.ints(1 + places, 0, MASK).toArray();
                    block.read(rows(tokens, random.doubles(1 + places, 1, 9).toArray()), reader());
                    int[] after = block.tokens();
                    done++;
                    int masked = 0;
                    for (int i = 0; i < after.length; i++) {
                        masked += after[i] == MASK ? 1 : 0;
                        assertThat(before[i] == MASK || before[i] == after[i]).isTrue();
                    }
                    assertThat(masked)
                            .isEqualTo(done >= runs ? 0 : places - filled(places, runs, done));
                }
                assertThat(done).isEqualTo(Math.min(runs, places));
                assertThat(block.candidates()).hasSize(places);
            }
        }
    }

    /** Equal shares, the larger ones first. */
    private static int filled(int places, int runs, int done) {
        int each = places / runs;
        int more = places % runs;
        return done * each + Math.min(done, more);
    }

    @Test
    void aRowThatIsNoNumberLeavesAPlaceUnknown() {
        MaskedBlock block = new MaskedBlock(5, 2, model(Alignment.SHIFTED), 2);
        block.read(rows(new int[] {1, 2, 3}, new double[] {Double.NaN, 4, 4}), reader());
        assertThat(block.tokens()).containsExactly(5, MASK, 2);
        block.read(rows(new int[] {1, 2, 3}, new double[] {Double.NaN, 4, 4}), reader());
        assertThat(block.candidates().get(0)).isEqualTo(Candidates.NONE);
        assertThat(block.open()).isFalse();
    }
}
