package dev.slipstream.decode.block;

import dev.slipstream.runtime.Visibility;

/**
 * How a model that predicts a mask's own place ({@link
 * dev.slipstream.checkpoint.BlockDiffusion.Alignment#ALIGNED}) verifies the drafts of a span in one
 * run: it is fed the block with the drafts in it, and behind it a mask for each place of the span.
 * The first copy is causal. The mask of a place sees the tokens before the place and itself, so its
 * logits are what a run over the text up to there and one mask would give (S2D2: Han and others
 * 2026). Nothing of it may stay in the session: roll back.
 *
 * <p>Of the first copy only what the last mask sees is fed, and masks only for the span: the
 * paper's form, which feeds both copies whole, gives these rows the same logits, with up to twice
 * the rows.
 *
 * @param first place of the span
 * @param end place behind the span
 */
public record TwoCopies(int first, int end) {
    /** Checks that there is a span. */
    public TwoCopies {
        if (first < 0 || end <= first) {
            throw new IllegalArgumentException(
                    "expected a span of one place at least, found %d to %d".formatted(first, end));
        }
    }

    /**
     * Returns the form for a block's first span.
     *
     * @param block with one place at least that is not known
     */
    public static TwoCopies of(ActiveBlock block) {
        return new TwoCopies(block.firstUnknown(), block.endOfFirstSpan());
    }

    /** Returns the number of rows, at most {@code 2 * block - 1}. */
    public int rows() {
        return copied() + end - first;
    }

    /**
     * Returns the row whose logits are of a place of the span.
     *
     * @param place in the block
     */
    public int row(int place) {
        if (place < first || place >= end) {
            throw new IllegalArgumentException(
                    "place: expected %d to %d, found %d".formatted(first, end - 1, place));
        }
        return copied() + place - first;
    }

    /**
     * Returns what is fed.
     *
     * @param block before any prediction of the draft is kept
     * @param predictions the draft
     * @param mask id of the mask token
     */
    public int[] tokens(ActiveBlock block, Predictions predictions, int mask) {
        int[] tokens = new int[rows()];
        for (int place = 0; place < copied(); place++) {
            tokens[place] = block.known(place) ? block.token(place) : predictions.tokens()[place];
        }
        for (int row = copied(); row < tokens.length; row++) {
            tokens[row] = mask;
        }
        return tokens;
    }

    /** Returns who sees whom, and the places, which the two copies have in common. */
    public Visibility visibility() {
        boolean[][] sees = new boolean[rows()][rows()];
        int[] places = new int[rows()];
        for (int row = 0; row < copied(); row++) {
            places[row] = row;
            seesUpTo(sees[row], row + 1);
        }
        for (int place = first; place < end; place++) {
            int row = row(place);
            places[row] = place;
            seesUpTo(sees[row], place);
            sees[row][row] = true;
        }
        return Visibility.of(sees, places);
    }

    /** The last place's draft is seen by nobody. */
    private int copied() {
        return end - 1;
    }

    private static void seesUpTo(boolean[] row, int count) {
        for (int i = 0; i < count; i++) {
            row[i] = true;
        }
    }
}
