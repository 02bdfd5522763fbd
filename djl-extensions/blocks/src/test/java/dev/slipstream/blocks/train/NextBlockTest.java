package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.Attending;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.TinyDecoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The proofs of NBDiff that need no decoding, and its losses against plain sums. */
class NextBlockTest {
    private static final int MASK = 60;
    private static final int VOCABULARY = 61;
    private static final int LENGTH = 12;
    private static final int BLOCK = 4;
    private static final float SAME = 2e-5f;

    @TempDir Path directory;

    /** Proof 2: who may see whom. */
    @Test
    void noLeakageIntoNoisedBlocksNorIntoTheCleanHalf() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            NextBlock recipe = recipe(Visibility.CONTEXT_CAUSAL, 0.5);
            Attending attending = recipe.attending(manager, decoder, LENGTH, BLOCK);
            int[] clean = Passes.windows(1, LENGTH)[0];
            int[] noised = clean.clone();
            noised[1] = MASK;
            noised[6] = MASK;
            noised[11] = MASK;
            int[] both = IntStream.concat(Arrays.stream(clean), Arrays.stream(noised)).toArray();
            float[] before = Passes.logits(manager, decoder, both, attending);
            for (int changed = 0; changed < 2 * LENGTH; changed++) {
                int[] other = both.clone();
                other[changed] = (other[changed] + 17) % MASK;
                float[] after = Passes.logits(manager, decoder, other, attending);
                for (int row = 0; row < 2 * LENGTH; row++) {
                    assertThat(differ(before, after, row))
                            .as("token %d changed, row %d", changed, row)
                            .isEqualTo(sees(row, changed));
                }
            }
            Attending causal = Attending.causal(manager, decoder.config(), LENGTH);
            float[] alone = Passes.logits(manager, decoder, clean, causal);
            assertThat(Arrays.copyOf(before, alone.length)).containsExactly(alone, within(SAME));
        }
    }

    private static boolean sees(int row, int token) {
        if (row < LENGTH) {
            return token <= row;
        }
        int own = (row - LENGTH) / BLOCK;
        return token < LENGTH ? token / BLOCK < own : (token - LENGTH) / BLOCK == own;
    }

    private static boolean differ(float[] before, float[] after, int row) {
        for (int i = row * VOCABULARY; i < (row + 1) * VOCABULARY; i++) {
            if (Math.abs(before[i] - after[i]) > 1e-6f) {
                return true;
            }
        }
        return false;
    }

    /** Proof 4, as far as training goes: with blocks of one the noised half is the model itself. */
    @Test
    void autoregressiveLimitOfBlocksOfOne() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            NextBlock recipe = recipe(Visibility.CONTEXT_CAUSAL, 0.5);
            int[] clean = Passes.windows(1, LENGTH)[0];
            int[] both = IntStream.concat(Arrays.stream(clean), Arrays.stream(clean)).toArray();
            float[] logits =
                    Passes.logits(
                            manager, decoder, both, recipe.attending(manager, decoder, LENGTH, 1));
            float[] cleanHalf = Arrays.copyOf(logits, logits.length / 2);
            float[] noisedHalf = Arrays.copyOfRange(logits, logits.length / 2, logits.length);
            assertThat(noisedHalf).containsExactly(cleanHalf, within(SAME));
        }
    }

    @Test
    void blocksOfOneTrainTheAutoregressiveLossAlone() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            int[][] windows = Passes.windows(2, LENGTH);
            BlockGrowth growth = new BlockGrowth(1, 4, 2, 0, 10);
            NextBlock recipe = new NextBlock(Visibility.CONTEXT_CAUSAL, growth, 0.5, MASK);
            Map<String, Double> losses =
                    Passes.losses(
                            manager,
                            decoder,
                            recipe.objective(9, windows, new SplittableRandom(1)),
                            2,
                            2);
            assertThat(losses).containsOnlyKeys("autoregressive");
            double expected = plainCausal(manager, decoder, windows);
            assertThat(losses.get("autoregressive")).isCloseTo(expected, within(1e-4));
        }
    }

    @Test
    void lossesAreThoseOfTheShiftedLogits() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            int[][] windows = Passes.windows(3, LENGTH);
            NextBlock recipe = recipe(Visibility.CONTEXT_CAUSAL, 0.5);
            Map<String, Double> losses =
                    Passes.losses(
                            manager,
                            decoder,
                            recipe.objective(0, windows, new SplittableRandom(7)),
                            3,
                            2);
            NoisedBlocks noised =
                    NoisedBlocks.atRandomRates(windows, BLOCK, MASK, new SplittableRandom(7));
            boolean[][] mask = NextBlockMask.of(Visibility.CONTEXT_CAUSAL, LENGTH, BLOCK);
            double sum = 0;
            for (int i = 0; i < windows.length; i++) {
                float[] logits = both(manager, decoder, windows[i], noised.ids()[i], mask);
                for (int p = 1; p < LENGTH; p++) {
                    if (noised.ids()[i][p] == MASK) {
                        int row = LENGTH + p - 1;
                        sum += Passes.surprise(logits, VOCABULARY, row, windows[i][p]);
                    }
                }
            }
            assertThat(noised.masked()).isGreaterThan(3);
            assertThat(losses.get("masked")).isCloseTo(sum / noised.masked(), within(1e-4));
            double causal = plainCausal(manager, decoder, windows);
            assertThat(losses.get("autoregressive")).isCloseTo(causal, within(1e-4));
        }
    }

    @Test
    void blockCausalContextScoresOnlyWhatItDoesNotSee() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            int[][] windows = Passes.windows(2, LENGTH);
            NextBlock recipe = recipe(Visibility.BLOCK_CAUSAL, 1);
            Map<String, Double> losses =
                    Passes.losses(
                            manager,
                            decoder,
                            recipe.objective(0, windows, new SplittableRandom(7)),
                            2,
                            2);
            NoisedBlocks noised =
                    NoisedBlocks.atRandomRates(windows, BLOCK, MASK, new SplittableRandom(7));
            boolean[][] mask = NextBlockMask.of(Visibility.BLOCK_CAUSAL, LENGTH, BLOCK);
            double sum = 0;
            for (int i = 0; i < windows.length; i++) {
                float[] logits = both(manager, decoder, windows[i], noised.ids()[i], mask);
                sum += Passes.surprise(logits, VOCABULARY, 3, windows[i][4]);
                sum += Passes.surprise(logits, VOCABULARY, 7, windows[i][8]);
            }
            assertThat(losses.get("autoregressive")).isCloseTo(sum / 4, within(1e-4));
        }
    }

    @Test
    void wholeSequencesHaveOneHalfAndOneRate() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            int[][] windows = Passes.windows(2, LENGTH);
            NextBlock recipe = recipe(Visibility.WHOLE_SEQUENCE, 0);
            Map<String, Double> losses =
                    Passes.losses(
                            manager,
                            decoder,
                            recipe.objective(0, windows, new SplittableRandom(3)),
                            2,
                            1);
            NoisedBlocks noised =
                    NoisedBlocks.atRandomRates(windows, LENGTH, MASK, new SplittableRandom(3));
            Attending open =
                    Attending.masked(
                            manager,
                            decoder.config(),
                            IntStream.range(0, LENGTH).toArray(),
                            NextBlockMask.open(LENGTH));
            double sum = 0;
            for (int i = 0; i < windows.length; i++) {
                float[] logits = Passes.logits(manager, decoder, noised.ids()[i], open);
                for (int p = 1; p < LENGTH; p++) {
                    if (noised.ids()[i][p] == MASK) {
                        sum += Passes.surprise(logits, VOCABULARY, p - 1, windows[i][p]);
                    }
                }
            }
            assertThat(losses.get("masked")).isCloseTo(sum / noised.masked(), within(1e-4));
        }
    }

    @Test
    void theFirstTokenOfABlockIsNeverMasked() {
        int[][] windows = Passes.windows(50, LENGTH);
        NoisedBlocks noised = NoisedBlocks.atRate(windows, BLOCK, MASK, new SplittableRandom(1), 1);
        for (int i = 0; i < windows.length; i++) {
            for (int p = 0; p < LENGTH; p++) {
                int expected = p % BLOCK == 0 ? windows[i][p] : MASK;
                assertThat(noised.ids()[i][p]).isEqualTo(expected);
            }
        }
        assertThat(noised.masked()).isEqualTo(50 * 9);
    }

    @Test
    void whatTheModelIsForStandsInItsConfiguration() {
        assertThat(recipe(Visibility.CONTEXT_CAUSAL, 0.5).configuration().toString())
                .isEqualTo(
                        "{\"block_diffusion\":{\"block_size\":4,\"mask_token_id\":60},"
                                + "\"ffn_granularities\":null}");
    }

    @Test
    void objectivesThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> recipe(Visibility.WHOLE_SEQUENCE, 0.5))
                .hasMessageContaining("weight of the autoregressive loss: expected 0 where");
        BlockGrowth fromOne = new BlockGrowth(1, 4, 2, 0, 1);
        assertThatThrownBy(() -> new NextBlock(Visibility.CONTEXT_CAUSAL, fromOne, 0, MASK))
                .hasMessageContaining("first block size: expected 2 or more without");
        assertThatThrownBy(() -> recipe(Visibility.CONTEXT_CAUSAL, -1))
                .hasMessageContaining("expected 0 or more, found -1.0");
    }

    private static NextBlock recipe(Visibility visibility, double weight) {
        return new NextBlock(visibility, BlockGrowth.none(BLOCK), weight, MASK);
    }

    private static float[] both(
            NDManager manager, DecoderBlock decoder, int[] clean, int[] noised, boolean[][] mask) {
        int[] ids = IntStream.concat(Arrays.stream(clean), Arrays.stream(noised)).toArray();
        int[] positions = IntStream.range(0, 2 * LENGTH).map(i -> i % LENGTH).toArray();
        Attending whole = Attending.masked(manager, decoder.config(), positions, mask);
        return Passes.logits(manager, decoder, ids, whole);
    }

    private static double plainCausal(NDManager manager, DecoderBlock decoder, int[][] windows) {
        Attending causal = Attending.causal(manager, decoder.config(), LENGTH);
        double sum = 0;
        for (int[] window : windows) {
            float[] logits = Passes.logits(manager, decoder, window, causal);
            for (int p = 1; p < LENGTH; p++) {
                sum += Passes.surprise(logits, VOCABULARY, p - 1, window[p]);
            }
        }
        return sum / (windows.length * (LENGTH - 1));
    }
}
