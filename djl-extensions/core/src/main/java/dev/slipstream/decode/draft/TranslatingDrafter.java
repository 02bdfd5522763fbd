package dev.slipstream.decode.draft;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.IncrementalText;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Drafts one text with a model of another tokenizer. */
final class TranslatingDrafter implements Drafter {
    /** The most tokens of the draft model for one of the target. */
    private static final int FINEST = 8;

    private final LanguageModel draft;
    private final DecoderSession session;
    private final Tokenizer tokenizer;
    private final Set<Integer> endTokens;
    private final LikeliestToken choice;
    private final GrowingTokens ownTokens;
    private final Map<Integer, Integer> lengths = new HashMap<>();
    private final StringBuilder text = new StringBuilder();
    private @Nullable IncrementalText characters;
    private int tokens;

    /**
     * Constructs a drafter.
     *
     * @param draft what drafts
     * @param session of it, owned
     * @param tokenizer of the target
     * @param endTokens of the target; none if they do not end this text
     */
    TranslatingDrafter(
            LanguageModel draft,
            DecoderSession session,
            Tokenizer tokenizer,
            Set<Integer> endTokens) {
        this.draft = draft;
        this.session = session;
        this.tokenizer = tokenizer;
        this.endTokens = endTokens;
        choice = new LikeliestToken(draft.decoder().vocabularySize());
        ownTokens = new GrowingTokens(draft.tokenizer());
    }

    @Override
    public void extend(int[] ids, int from, int to) {
        tokens = to;
        if (characters == null) {
            text.append(tokenizer.decode(ids, from, to));
            characters = new IncrementalText(tokenizer, Arrays.copyOfRange(ids, from, to));
        } else {
            for (int i = from; i < to; i++) {
                text.append(characters.append(ids[i]));
            }
        }
    }

    @Override
    public Draft propose(DraftLimit limit) {
        if (limit.tokens() == 0 || characters == null || characters.isIncomplete()) {
            return Draft.NONE;
        }
        int[] own = ownTokens.of(text);
        if (own.length == 0 || own.length > session.capacity()) {
            return Draft.NONE;
        }
        Writing writing = new Writing(FINEST * (limit.tokens() + 1));
        write(writing, own, limit);
        return translate(writing, limit);
    }

    /** What the draft model wrote, with where each of its tokens begins and how sure it was. */
    private static final class Writing {
        final StringBuilder text = new StringBuilder();
        final int[] starts;
        final double[] confidences;
        int count;
        double end;

        Writing(int most) {
            starts = new int[most];
            confidences = new double[most];
        }

        /** Returns how likely all tokens are that begin between two characters. */
        double confidence(int from, int to) {
            double product = 1;
            for (int i = 0; i < count; i++) {
                if (starts[i] >= from && starts[i] < to) {
                    product *= confidences[i];
                }
            }
            return product;
        }
    }

    private void write(Writing writing, int[] own, DraftLimit limit) {
        // One token more than wanted: the last one might be a part of a longer one.
        double enough = (limit.tokens() + 1) * Math.max(1, (double) text.length() / tokens);
        IncrementalText pieces = new IncrementalText(draft.tokenizer(), own);
        Logits logits = SessionText.catchUp(session, own, own.length, Depth.FULL);
        int[] next = new int[1];
        while (true) {
            choice.read(logits.last());
            next[0] = choice.token();
            if (choice.confidence() < limit.leastConfidence()) {
                return;
            }
            if (draft.endTokens().contains(next[0])) {
                writing.end = choice.confidence();
                return;
            }
            writing.starts[writing.count] = writing.text.length();
            writing.confidences[writing.count] = choice.confidence();
            writing.count++;
            writing.text.append(pieces.append(next[0]));
            if (writing.text.length() >= enough
                    || writing.count == writing.starts.length
                    || session.length() == session.capacity()) {
                return;
            }
            logits = session.forward(next, LogitRows.LAST);
        }
    }

    private Draft translate(Writing writing, DraftLimit limit) {
        int[] ids = GrowingTokens.continuation(tokenizer, text, writing.text);
        boolean ended = writing.end > 0;
        int certain = ended ? ids.length : Math.max(0, ids.length - 1);
        int most = Math.min(limit.tokens(), certain + 1);
        int[] proposed = new int[most];
        double[] confidences = new double[most];
        int count = 0;
        int from = 0;
        for (; count < Math.min(most, certain); count++) {
            int to = from + length(ids[count]);
            double confidence = writing.confidence(from, to);
            if (confidence < limit.leastConfidence()) {
                break;
            }
            proposed[count] = ids[count];
            confidences[count] = confidence;
            from = to;
        }
        boolean complete = count == ids.length && !(ids.length == 0 && writing.count > 0);
        if (ended && complete && count < limit.tokens() && !endTokens.isEmpty()) {
            proposed[count] = endTokens.stream().min(Integer::compare).orElseThrow();
            confidences[count] = writing.end;
            count++;
        }
        return count == 0
                ? Draft.NONE
                : new Draft(
                        Arrays.copyOf(proposed, count), Arrays.copyOf(confidences, count), null);
    }

    /** Returns the characters that a token adds: to itself, as the first one may lose its space. */
    private int length(int id) {
        return lengths.computeIfAbsent(
                id,
                token ->
                        tokenizer.decode(new int[] {token, token}, 0, 2).length()
                                - tokenizer.decode(new int[] {token}, 0, 1).length());
    }

    @Override
    public void close() {
        session.close();
    }
}
