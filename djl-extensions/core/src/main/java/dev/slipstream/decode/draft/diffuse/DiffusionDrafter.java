package dev.slipstream.decode.draft.diffuse;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import dev.slipstream.runtime.Visibility;
import java.util.Arrays;

/**
 * Drafts by blocks for one request. Its session holds the text but for the newest token, read from
 * left to right; that token begins each block, and is read from left to right only when it is not
 * the newest any more.
 */
final class DiffusionDrafter implements Drafter {
    private final DecoderSession session;
    private final BlockDiffusion blocks;
    private final int runs;
    private final CandidateReader reader;
    private final PathDrafts drafts;
    private int[] text = {};
    private int length;

    /** Tokens of the text that the session holds, read from left to right. */
    private int read;

    private boolean foreign;

    /**
     * Constructs a drafter.
     *
     * @param session of the model that writes blocks, owned
     * @param blocks how it writes them
     * @param runs of a draft
     * @param reader of the session's logits
     * @param drafts of the request
     */
    DiffusionDrafter(
            DecoderSession session,
            BlockDiffusion blocks,
            int runs,
            CandidateReader reader,
            PathDrafts drafts) {
        this.session = session;
        this.blocks = blocks;
        this.runs = runs;
        this.reader = reader;
        this.drafts = drafts;
    }

    @Override
    public void extend(int[] text, int from, int to) {
        this.text = text;
        length = to;
        // Targets with a padded vocabulary may write ids that this model has no row for.
        int known = session.model().vocabularySize();
        foreign = foreign || Arrays.stream(text, from, to).anyMatch(id -> id >= known);
        drafts.extend(text, from, to);
    }

    @Override
    public Draft propose(DraftLimit limit) {
        int places = Math.min(drafts.places(limit), session.capacity() - length);
        if (places < 1 || foreign || length == 0) {
            return Draft.NONE;
        }
        MaskedBlock block = new MaskedBlock(text[length - 1], places, blocks, runs);
        while (block.open()) {
            block.read(run(block.tokens()), reader);
        }
        return drafts.choose(block.candidates(), limit);
    }

    /**
     * Runs a block behind the text. What of the text is new goes into the same run, unless it is
     * long, as each of its rows gets logits that nobody reads.
     */
    private Logits run(int[] block) {
        // The keys behind are of an earlier block, even those of what was the newest token.
        session.rollback(Math.min(read, session.length()));
        if (length - 1 - read > block.length) {
            session.forward(text, read, length - 1, LogitRows.LAST);
            read = length - 1;
        }
        int unread = length - 1 - read;
        int[] tokens = Arrays.copyOfRange(text, read, read + unread + block.length);
        System.arraycopy(block, 0, tokens, unread, block.length);
        Logits logits =
                session.model()
                        .forward(
                                new Turn(session, tokens, 0, tokens.length, LogitRows.ALL)
                                        .withVisibility(visibility(unread, block.length)));
        read = length - 1;
        return logits;
    }

    /** The text sees what came before, the block everything. */
    private static Visibility visibility(int unread, int block) {
        int rows = unread + block;
        boolean[][] sees = new boolean[rows][rows];
        int[] places = new int[rows];
        for (int i = 0; i < rows; i++) {
            Arrays.fill(sees[i], 0, i < unread ? i + 1 : rows, true);
            places[i] = i;
        }
        return Visibility.of(sees, places);
    }

    @Override
    public void close() {
        session.close();
    }
}
