package dev.slipstream.decode.draft;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import java.util.Arrays;

/** Drafts for one request from a corpus. */
final class Quoting implements Drafter {
    /**
     * Fitted by eye: with 2, tokens trusted 0.7 to 0.8 were right 0.60 of the time, with 3, 0.68.
     */
    private static final double DOUBT = 3;

    private final CorpusIndex index;
    private final int shortestMatch;
    private int[] end = new int[0];

    /** No longer end of the text than this occurs: each new token makes it one longer at most. */
    private int longest;

    Quoting(CorpusIndex index, int shortestMatch) {
        this.index = index;
        this.shortestMatch = shortestMatch;
    }

    @Override
    public void extend(int[] text, int from, int to) {
        end = Arrays.copyOfRange(text, Math.max(0, to - Corpus.LONGEST_MATCH), to);
        longest = Math.min(end.length, longest + to - from);
    }

    @Override
    public Draft propose(DraftLimit limit) {
        Occurrences found = longestMatch();
        int[] tokens = new int[limit.tokens()];
        double[] confidences = new double[tokens.length];
        int length = 0;
        while (found.count() > 0 && length < tokens.length) {
            Occurrences next = found.narrow(index);
            double confidence = confidence(next, found);
            if (next.count() == 0 || confidence < limit.leastConfidence()) {
                break;
            }
            tokens[length] = next.lastToken(index);
            confidences[length] = confidence;
            found = next;
            length++;
        }
        return new Draft(tokens, confidences, null).first(length);
    }

    private static double confidence(Occurrences agreeing, Occurrences all) {
        return agreeing.count() / (all.count() + DOUBT / all.length());
    }

    /** What occurs, occurs without its first token too: so the length can be halved in on. */
    private Occurrences longestMatch() {
        Occurrences best = new Occurrences(0, 0, 0);
        int low = shortestMatch;
        int high = longest;
        // In a quotation the longest one that is possible does occur.
        int length = high;
        while (low <= high) {
            Occurrences found = Occurrences.of(index, end, end.length - length, end.length);
            if (found.count() > 0) {
                best = found;
                low = length + 1;
            } else {
                high = length - 1;
            }
            length = (low + high) >>> 1;
        }
        longest = Math.min(longest, Math.max(best.length(), shortestMatch - 1));
        return best;
    }

    /** The index belongs to all requests. */
    @Override
    public void close() {}
}
