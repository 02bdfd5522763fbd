package dev.slipstream.decode.draft.diffuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Where a lattice ends, and how long the raw draft is. */
class LatticeTest {
    private static final int END = 9;
    private static final Set<Integer> ENDS = Set.of(END, 8);

    private static Candidates place(int ranked, int... tokens) {
        double[] logProbabilities = new double[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            logProbabilities[i] = -1 - i;
        }
        return new Candidates(tokens, logProbabilities, ranked);
    }

    @Test
    void endsBehindThePlaceWhereAnEndTokenHasARank() {
        Lattice lattice =
                Lattice.of(
                        List.of(place(1, 1, END), place(2, 2, END), place(1, END), place(1, 3)),
                        ENDS);
        assertThat(lattice.depth()).isEqualTo(2);
        // By the likeliest tokens, also of the places that were cut.
        assertThat(lattice.generated()).isEqualTo(2);
    }

    @Test
    void anEndTokenThatIsAlwaysThereCutsNothing() {
        Candidates place = place(2, 1, 2, END, 8);
        Lattice lattice = Lattice.of(List.of(place, place, place), ENDS);
        assertThat(lattice.depth()).isEqualTo(3);
        assertThat(lattice.generated()).isEqualTo(3);
    }

    @Test
    void theRawDraftEndsAtItsFirstEndToken() {
        Lattice lattice = Lattice.of(List.of(place(1, 1), place(1, 8), place(1, END)), ENDS);
        assertThat(lattice.depth()).isEqualTo(2);
        assertThat(lattice.generated()).isEqualTo(1);
        assertThat(Lattice.of(List.of(place(1, END)), ENDS).generated()).isZero();
        assertThat(Lattice.of(List.of(place(1, END)), ENDS).depth()).isEqualTo(1);
    }

    @Test
    void nothingComesBehindAPlaceOfWhichNothingIsKnown() {
        Lattice lattice = Lattice.of(List.of(place(1, 1), Candidates.NONE, place(1, 2)), ENDS);
        assertThat(lattice.depth()).isEqualTo(1);
        assertThat(lattice.generated()).isEqualTo(1);
    }
}
