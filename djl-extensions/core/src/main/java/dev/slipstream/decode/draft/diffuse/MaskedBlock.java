package dev.slipstream.decode.draft.diffuse;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.runtime.Logits;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A draft while the model runs over it: the newest token of the text, which is known, and the
 * places behind it, which hold the mask until they are filled. With several runs the surest places
 * are filled after each, as many as leave equal shares for the runs to come, so that the others see
 * them. What is read of a place stays what was read while it was masked: the model was trained to
 * predict masked places only.
 */
final class MaskedBlock {
    private final int[] tokens;
    private final boolean[] filled;
    private final Candidates[] read;
    private final int firstRow;
    private int runsLeft;

    /**
     * Constructs a block of masks.
     *
     * @param newest token of the text
     * @param places behind it, 1 or more
     * @param model what its mask is, and which rows predict which places
     * @param runs of the model, 1 or more
     */
    MaskedBlock(int newest, int places, BlockDiffusion model, int runs) {
        tokens = new int[1 + places];
        Arrays.fill(tokens, model.maskToken());
        tokens[0] = newest;
        filled = new boolean[places];
        read = new Candidates[places];
        firstRow = model.alignment() == BlockDiffusion.Alignment.SHIFTED ? 0 : 1;
        runsLeft = runs;
    }

    /** Returns the token ids of the next run, the newest token of the text first. */
    int[] tokens() {
        return tokens.clone();
    }

    /** Tells whether another run has something to predict. */
    boolean open() {
        return runsLeft > 0 && masked().findAny().isPresent();
    }

    /**
     * Reads a run.
     *
     * @param logits of at least the block's tokens, which are the last ones
     * @param reader of rows
     */
    void read(Logits logits, CandidateReader reader) {
        int first = logits.rows() - tokens.length + firstRow;
        masked().forEach(place -> read[place] = reader.read(logits.row(first + place)));
        fill(share());
        runsLeft--;
    }

    /** Returns the candidates of all places. */
    List<Candidates> candidates() {
        return List.of(read);
    }

    private int share() {
        int masked = (int) masked().count();
        return (masked + runsLeft - 1) / runsLeft;
    }

    private void fill(int count) {
        masked().boxed()
                .sorted(Comparator.comparingDouble(place -> -certainty(read[place])))
                .limit(count)
                .forEach(
                        place -> {
                            filled[place] = true;
                            if (read[place].count() > 0) {
                                tokens[1 + place] = read[place].tokens()[0];
                            }
                        });
    }

    private static double certainty(Candidates candidates) {
        return candidates.count() == 0
                ? Double.NEGATIVE_INFINITY
                : candidates.logProbabilities()[0];
    }

    private IntStream masked() {
        return IntStream.range(0, filled.length).filter(place -> !filled[place]);
    }
}
