package dev.slipstream.decode.block;

import static dev.slipstream.decode.block.Drafts.block;
import static dev.slipstream.decode.block.Drafts.confident;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Borders for planned confidences, and among lines of random lengths. */
class AdaBlockTest {
    private static final int NEWLINE = 7;
    private static final int USUAL = 6;
    private static final AdaBlock BORDERS =
            new AdaBlock(USUAL, Set.of(NEWLINE), 0.3, WindowRule.RELEASED);

    /** Tokens of the whole answer: RELEASED looks at 16 of them. */
    private static final int ANSWER = 64;

    private final int[] tokens = new int[ANSWER];
    private final double[] confidences = Drafts.all(ANSWER, 0.9);

    @Test
    void theSurestDelimiterEndsTheBlockNotTheFirst() {
        newline(9, 0.6);
        newline(4, 0.35);
        assertThat(length()).isEqualTo(10);
    }

    @Test
    void ofEquallySureOnesTheFirst() {
        newline(9, 0.6);
        newline(4, 0.6);
        assertThat(length()).isEqualTo(5);
    }

    @Test
    void anUnsureDelimiterLeavesTheUsualLength() {
        newline(9, 0.29);
        assertThat(length()).isEqualTo(USUAL);
    }

    @Test
    void exactlyTheLeastConfidenceIsEnough() {
        newline(9, 0.3);
        assertThat(length()).isEqualTo(10);
    }

    @Test
    void aDelimiterOutsideTheWindowIsNotSeen() {
        newline(16, 0.99);
        assertThat(length()).isEqualTo(USUAL);
        newline(15, 0.4);
        assertThat(length()).isEqualTo(16);
    }

    @Test
    void theUsualLengthIsClippedToWhatMayStillCome() {
        assertThat(BORDERS.length(block(4), first(4), 60, 4)).isEqualTo(4);
        assertThat(BORDERS.length(block(ANSWER), first(ANSWER), 60, 4)).isEqualTo(4);
        assertThat(BORDERS.length(block(3), first(3), 0, ANSWER)).isEqualTo(3);
    }

    @Test
    void aDelimiterInTheFirstPlaceIsABlock() {
        newline(0, 0.5);
        assertThat(length()).isEqualTo(1);
    }

    @Test
    void theWindowIsAQuarterOfTheAnswerOrOfWhatIsWritten() {
        assertThat(WindowRule.RELEASED.places(40, 24)).isEqualTo(16);
        assertThat(WindowRule.RELEASED.places(60, 4)).isEqualTo(4);
        assertThat(WindowRule.RELEASED.places(0, 3)).isZero();
        assertThat(WindowRule.GENERATED.places(0, 64)).isEqualTo(1);
        assertThat(WindowRule.GENERATED.places(39, 64)).isEqualTo(9);
        assertThat(WindowRule.GENERATED.places(39, 5)).isEqualTo(5);
        newline(3, 0.8);
        AdaBlock written = new AdaBlock(USUAL, Set.of(NEWLINE), 0.3, WindowRule.GENERATED);
        assertThat(written.length(block(ANSWER), first(ANSWER), 0, ANSWER)).isEqualTo(USUAL);
        assertThat(written.length(block(ANSWER), first(ANSWER), 16, ANSWER)).isEqualTo(4);
    }

    @Test
    void allThatIsAllowedIsLookedAt() {
        assertThat(BORDERS.window(11)).isEqualTo(11);
    }

    @Test
    void noConfidenceIsEnoughForInfinity() {
        AdaBlock fixed =
                new AdaBlock(USUAL, Set.of(NEWLINE), Double.POSITIVE_INFINITY, WindowRule.RELEASED);
        newline(4, 1);
        assertThat(fixed.length(block(ANSWER), first(ANSWER), 0, ANSWER)).isEqualTo(USUAL);
    }

    @Test
    void aKnownDelimiterIsCertainIfThereIsSomethingToWriteBeforeIt() {
        newline(2, 0.9);
        ActiveBlock block = block(ANSWER);
        block.commit(8, NEWLINE);
        assertThat(BORDERS.length(block, first(ANSWER), 0, ANSWER)).isEqualTo(9);

        ActiveBlock begun = block(ANSWER);
        begun.commit(0, NEWLINE);
        assertThat(BORDERS.length(begun, first(ANSWER), 0, ANSWER)).isEqualTo(3);
    }

    @Test
    void whatIsKnownStaysInTheBlock() {
        newline(2, 0.9);
        assertThat(BORDERS.length(block(ANSWER, 0, 8), first(ANSWER), 0, ANSWER)).isEqualTo(9);
        ActiveBlock begun = block(ANSWER, 0, 1, 2, 3, 4, 5, 6);
        assertThat(BORDERS.length(begun, first(ANSWER), 0, ANSWER)).isEqualTo(8);
    }

    /** Whatever is planned, the block can be shortened to the length and has something to write. */
    @Test
    void everyLengthFitsItsBlock() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 2000; trial++) {
            int places = 1 + random.nextInt(20);
            ActiveBlock block = block(places);
            Predictions predictions = confident(new int[places], new double[places]);
            for (int place = 0; place < places; place++) {
                predictions.tokens()[place] = random.nextInt(3);
                predictions.confidences()[place] = random.nextDouble();
                if (block.unknown() > 1 && random.nextInt(4) == 0) {
                    block.commit(place, random.nextInt(3));
                }
            }
            AdaBlock borders =
                    new AdaBlock(
                            1 + random.nextInt(8),
                            Set.of(2),
                            random.nextDouble(),
                            WindowRule.values()[random.nextInt(2)]);
            int length =
                    borders.length(
                            block, predictions, random.nextInt(99), places + random.nextInt(99));
            assertThat(length).as("seed %d, trial %d", seed, trial).isBetween(1, places);
            block.shorten(length);
            assertThat(block.unknown()).as("seed %d, trial %d", seed, trial).isPositive();
        }
    }

    /**
     * Lines of random lengths, of which the model foresees the end better the nearer it is. Blocks
     * end with lines then, where blocks of as many places on average seldom do.
     */
    @Test
    void blocksEndWithLinesAndThoseOfRandomLengthsDoNot() {
        Random random = new Random(5);
        boolean[] ends = new boolean[20_000];
        for (int i = random.nextInt(12); i < ends.length; i += 5 + random.nextInt(12)) {
            ends[i] = true;
        }
        int blocks = 0;
        int atEnds = 0;
        int start = 0;
        while (start < ends.length - ANSWER) {
            Predictions seen = foreseen(ends, start, random);
            int length = BORDERS.length(block(ANSWER), seen, 0, ANSWER);
            start += length;
            blocks++;
            atEnds += ends[start - 1] ? 1 : 0;
        }
        double mean = (double) start / blocks;
        int randomBlocks = 0;
        int randomAtEnds = 0;
        for (int at = 0; at < start; randomBlocks++) {
            at += 1 + random.nextInt((int) Math.round(2 * mean - 1));
            randomAtEnds += ends[at - 1] ? 1 : 0;
        }
        assertThat((double) atEnds / blocks).isGreaterThan(0.9);
        assertThat((double) randomAtEnds / randomBlocks).isCloseTo(0.1, within(0.05));
    }

    @Test
    void wrongKnobsAreRefused() {
        Set<Integer> newline = Set.of(NEWLINE);
        assertThatThrownBy(() -> new AdaBlock(0, newline, 0.3, WindowRule.RELEASED))
                .hasMessage("usual: expected 1 or more places, found 0");
        assertThatThrownBy(() -> new AdaBlock(4, Set.of(), 0.3, WindowRule.RELEASED))
                .hasMessageContaining("delimiters: expected one token id at least");
        assertThatThrownBy(() -> new AdaBlock(4, Set.of(-1), 0.3, WindowRule.RELEASED))
                .hasMessageContaining("found -1");
        assertThatThrownBy(() -> new AdaBlock(4, newline, Double.NaN, WindowRule.RELEASED))
                .hasMessage("leastConfidence: expected 0 or more, found NaN");
        assertThatThrownBy(() -> BORDERS.length(block(4), first(3), 0, 4))
                .hasMessage("predictions: expected those of the block's 4 places, found 3");
    }

    private void newline(int place, double confidence) {
        tokens[place] = NEWLINE;
        confidences[place] = confidence;
    }

    private int length() {
        return BORDERS.length(block(ANSWER), first(ANSWER), 0, ANSWER);
    }

    private Predictions first(int places) {
        return confident(Arrays.copyOf(tokens, places), Arrays.copyOf(confidences, places));
    }

    private static Predictions foreseen(boolean[] ends, int start, Random random) {
        int[] tokens = new int[ANSWER];
        double[] confidences = new double[ANSWER];
        for (int place = 0; place < ANSWER; place++) {
            boolean wrong = random.nextInt(20) == 0;
            tokens[place] = ends[start + place] != wrong ? NEWLINE : 0;
            double sure = Math.exp(-place / 20.0);
            confidences[place] = wrong ? 0.3 * sure : sure * (0.7 + 0.3 * random.nextDouble());
        }
        return confident(tokens, confidences);
    }
}
