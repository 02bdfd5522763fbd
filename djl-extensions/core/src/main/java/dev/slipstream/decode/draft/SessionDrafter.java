package dev.slipstream.decode.draft;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Drafts token after token with a session whose tokens are the target's: of a smaller model, or of
 * a part of the target.
 */
final class SessionDrafter implements Drafter {
    private final DecoderSession session;
    private final DraftCache cache;
    private final Depth depth;
    private final TokenChoice choice;
    private final Set<Integer> endTokens;
    private int[] text = {};
    private int length;
    private boolean foreign;

    /**
     * Constructs a drafter.
     *
     * @param session what drafts; owned if the cache is
     * @param cache whether the session is the request's own
     * @param depth how much of its model to run
     * @param choice of each token
     * @param endTokens ids behind which nothing comes
     */
    SessionDrafter(
            DecoderSession session,
            DraftCache cache,
            Depth depth,
            TokenChoice choice,
            Set<Integer> endTokens) {
        this.session = session;
        this.cache = cache;
        this.depth = depth;
        this.choice = choice;
        this.endTokens = endTokens;
    }

    /** Only notes the text: it is read when a draft is asked for, at once with all before. */
    @Override
    public void extend(int[] text, int from, int to) {
        this.text = text;
        length = to;
        // Targets with a padded vocabulary may write ids that a smaller model has no row for.
        int known = session.model().vocabularySize();
        foreign = foreign || Arrays.stream(text, from, to).anyMatch(id -> id >= known);
    }

    @Override
    public Draft propose(DraftLimit limit) {
        if (limit.tokens() == 0 || foreign || length == 0 || length > session.capacity()) {
            return Draft.NONE;
        }
        return cache == DraftCache.OWN ? draft(limit) : draftBehindText(limit);
    }

    private Draft draftBehindText(DraftLimit limit) {
        int found = session.length();
        if (found >= length) {
            throw new IllegalStateException(
                    "expected a session that has yet to read the newest of %d tokens, found %d read"
                            .formatted(length, found));
        }
        Draft draft;
        try {
            draft = draft(limit);
        } catch (RuntimeException e) {
            forget(found, e);
            throw e;
        }
        session.rollback(found);
        return draft;
    }

    /** The rows of a draft must not stay in a cache that is taken for the whole model's. */
    private void forget(int found, RuntimeException cause) {
        try {
            session.rollback(Math.min(found, session.length()));
        } catch (IllegalStateException closed) {
            cause.addSuppressed(closed);
        }
    }

    private Draft draft(DraftLimit limit) {
        int[] tokens = new int[limit.tokens()];
        double[] confidences = new double[limit.tokens()];
        List<double[]> distributions = new ArrayList<>();
        Logits logits = SessionText.catchUp(session, text, length, depth);
        int count = 0;
        while (true) {
            choice.read(logits.last());
            if (choice.confidence() < limit.leastConfidence()) {
                break;
            }
            tokens[count] = choice.token();
            confidences[count] = choice.confidence();
            double[] distribution = choice.distribution();
            if (distribution != null) {
                distributions.add(distribution);
            }
            count++;
            if (count == limit.tokens()
                    || endTokens.contains(tokens[count - 1])
                    || session.length() == session.capacity()) {
                break;
            }
            logits = session.forward(tokens, count - 1, count, LogitRows.LAST, depth);
        }
        return count == 0
                ? Draft.NONE
                : new Draft(
                        Arrays.copyOf(tokens, count),
                        Arrays.copyOf(confidences, count),
                        distributions.isEmpty() ? null : distributions.toArray(double[][]::new));
    }

    @Override
    public void close() {
        if (cache == DraftCache.OWN) {
            session.close();
        }
    }
}
