package dev.slipstream.decode.block;

import java.util.Set;

/**
 * Ends a block where a step of the text's meaning ends, for example a line: writes better than
 * blocks of one length at about as many runs, without training (AdaBlock-dLLM: Lu and others 2025).
 * Of the places ahead whose token is a delimiter, the one that the model is surest of ends the
 * block if it is sure enough; else the block has its usual length.
 *
 * <p>The run that is looked at is the block's first denoising run, so nothing is run for the
 * decision alone. It spans all places that the model allows, also those that the block then leaves
 * out: with a long window it costs more than a run over the block would.
 *
 * <p>A place that is known already counts as certain, unless the block would end without a place
 * that is not known, so that its first run was for nothing. Known places always stay in the block.
 *
 * @param usual places of a block without a delimiter that the model is sure of, 1 or more
 * @param delimiters ids of the tokens that may end a block, one at least; {@link Delimiters} finds
 *     them
 * @param leastConfidence probability from which on a delimiter ends a block, 0 or more; above 1
 *     (infinity, say) all blocks have the usual length
 * @param rule how far ahead delimiters are looked for
 */
public record AdaBlock(int usual, Set<Integer> delimiters, double leastConfidence, WindowRule rule)
        implements BlockBorders {
    private static final int NONE = -1;

    /** Checks the ranges and copies the delimiters. */
    public AdaBlock {
        if (usual < 1) {
            throw new IllegalArgumentException("usual: expected 1 or more places, found " + usual);
        }
        delimiters = Set.copyOf(delimiters);
        if (delimiters.isEmpty()) {
            throw new IllegalArgumentException(
                    "delimiters: expected one token id at least, found none; take blocks of one length instead");
        }
        for (int id : delimiters) {
            if (id < 0) {
                throw new IllegalArgumentException(
                        "delimiters: expected token ids of 0 or more, found " + id);
            }
        }
        if (!(leastConfidence >= 0)) {
            throw new IllegalArgumentException(
                    "leastConfidence: expected 0 or more, found " + leastConfidence);
        }
    }

    /** {@inheritDoc} All that is allowed: the answer's length, and so the window, is not known. */
    @Override
    public int window(int most) {
        return most;
    }

    @Override
    public int length(ActiveBlock block, Predictions predictions, int generated, int remaining) {
        if (predictions.length() != block.length()) {
            throw new IllegalArgumentException(
                    "predictions: expected those of the block's %d places, found %d"
                            .formatted(block.length(), predictions.length()));
        }
        int searched = Math.min(rule.places(generated, remaining), block.length());
        int end = surest(block, predictions, searched);
        if (end != NONE && confidence(block, predictions, end) >= leastConfidence) {
            return end + 1;
        }
        int length = Math.min(usual, Math.min(block.length(), remaining));
        return Math.max(length, fewest(block));
    }

    /** Returns the place of the delimiter of the highest confidence, the first of equal ones. */
    private int surest(ActiveBlock block, Predictions predictions, int searched) {
        int best = NONE;
        for (int place = fewest(block) - 1; place < searched; place++) {
            int token = block.known(place) ? block.token(place) : predictions.tokens()[place];
            if (delimiters.contains(token)
                    && (best == NONE
                            || confidence(block, predictions, place)
                                    > confidence(block, predictions, best))) {
                best = place;
            }
        }
        return best;
    }

    private static double confidence(ActiveBlock block, Predictions predictions, int place) {
        return block.known(place) ? 1 : predictions.confidences()[place];
    }

    /** Returns the length with all known places and one at least that is not. */
    private static int fewest(ActiveBlock block) {
        int last = Math.min(block.firstUnknown(), block.length() - 1);
        for (int place = block.length() - 1; place > last; place--) {
            if (block.known(place)) {
                return place + 1;
            }
        }
        return last + 1;
    }
}
