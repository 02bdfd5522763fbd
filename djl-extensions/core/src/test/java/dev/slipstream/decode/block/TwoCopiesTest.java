package dev.slipstream.decode.block;

import static dev.slipstream.decode.block.Drafts.MASK;
import static dev.slipstream.decode.block.Drafts.block;
import static dev.slipstream.decode.block.Drafts.confident;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.runtime.Visibility;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** One run over two copies gives what a run for each place gives. */
class TwoCopiesTest {
    private static final int VOCABULARY = 12;
    private static final int NETWORK_MASK = 11;

    @Test
    void aWholeBlockOfThree() {
        TwoCopies copies = TwoCopies.of(block(3));
        assertThat(matrix(copies.visibility()))
                .isEqualTo(
                        """
                        x . . . .
                        x x . . .
                        . . x . .
                        x . . x .
                        x x . . x
                        """);
        assertThat(places(copies.visibility())).containsExactly(0, 1, 0, 1, 2);
        assertThat(copies.rows()).isEqualTo(5);
    }

    @Test
    void aSpanInTheMiddle() {
        ActiveBlock block = block(6, 0, 3, 5);
        TwoCopies copies = TwoCopies.of(block);
        assertThat(copies).isEqualTo(new TwoCopies(1, 3));
        assertThat(matrix(copies.visibility()))
                .isEqualTo(
                        """
                        x . . .
                        x x . .
                        x . x .
                        x x . x
                        """);
        assertThat(places(copies.visibility())).containsExactly(0, 1, 1, 2);
        assertThat(copies.row(1)).isEqualTo(2);
        assertThat(copies.row(2)).isEqualTo(3);
        Predictions drafts = confident(new int[] {0, 21, 22, 0, 24, 0}, new double[6]);
        assertThat(copies.tokens(block, drafts, MASK)).containsExactly(1, 21, MASK, MASK);
    }

    @Test
    void aSinglePlaceIsASingleMask() {
        TwoCopies copies = TwoCopies.of(block(1));
        assertThat(matrix(copies.visibility())).isEqualTo("x\n");
        assertThat(copies.tokens(block(1), confident(0.5), MASK)).containsExactly(MASK);
    }

    @Test
    void onlyPlacesOfTheSpanHaveARow() {
        assertThatThrownBy(() -> new TwoCopies(1, 3).row(3))
                .hasMessage("place: expected 1 to 2, found 3");
        assertThatThrownBy(() -> new TwoCopies(2, 2))
                .hasMessage("expected a span of one place at least, found 2 to 2");
    }

    /**
     * Text, a block with known places, drafts: against a run over all before a place and a mask.
     */
    @Test
    void everyMaskPredictsAsADecoderOfSingleTokens() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 50; trial++) {
            int past = random.nextInt(5);
            int length = 1 + random.nextInt(7);
            PlainAttention network = new PlainAttention(VOCABULARY, past + length, random);
            int[] text = random.ints(past, 0, NETWORK_MASK).toArray();
            ActiveBlock block = new ActiveBlock(length, NETWORK_MASK);
            int[] drafts = random.ints(length, 0, NETWORK_MASK).toArray();
            int[] filled = drafts.clone();
            for (int place = 0; place < length; place++) {
                if (block.unknown() > 1 && random.nextBoolean()) {
                    filled[place] = random.nextInt(NETWORK_MASK);
                    block.commit(place, filled[place]);
                }
            }
            TwoCopies copies = TwoCopies.of(block);
            double[][] both =
                    run(
                            network,
                            text,
                            copies.tokens(
                                    block, confident(drafts, new double[length]), NETWORK_MASK),
                            copies.visibility());
            for (int place = copies.first(); place < copies.end(); place++) {
                int[] before = Arrays.copyOf(filled, place + 1);
                before[place] = NETWORK_MASK;
                double[][] single = run(network, text, before, Visibility.CAUSAL);
                assertThat(both[past + copies.row(place)])
                        .as("seed %d, trial %d, place %d", seed, trial, place)
                        .containsExactly(single[past + place], within(1e-12));
            }
        }
    }

    private static double[][] run(
            PlainAttention network, int[] past, int[] fed, Visibility visibility) {
        int held = past.length;
        int[] tokens = Arrays.copyOf(past, held + fed.length);
        System.arraycopy(fed, 0, tokens, held, fed.length);
        int[] places = new int[tokens.length];
        boolean[][] sees = new boolean[tokens.length][tokens.length];
        for (int row = 0; row < tokens.length; row++) {
            places[row] = row < held ? row : held + visibility.place(row - held);
            for (int other = 0; other < tokens.length; other++) {
                sees[row][other] =
                        row < held
                                ? other <= row
                                : other < held || visibility.sees(row - held, other - held);
            }
        }
        return network.run(tokens, places, sees);
    }

    private static String matrix(Visibility visibility) {
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < visibility.rows(); row++) {
            for (int other = 0; other < visibility.rows(); other++) {
                text.append(other == 0 ? "" : " ").append(visibility.sees(row, other) ? 'x' : '.');
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static int[] places(Visibility visibility) {
        int[] places = new int[visibility.rows()];
        for (int row = 0; row < places.length; row++) {
            places[row] = visibility.place(row);
        }
        return places;
    }
}
