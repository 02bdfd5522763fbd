package dev.slipstream.decode.draft.diffuse;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.draft.AdaptiveLength;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The drafts of one request, without the model that predicts their places: how many places to look
 * at, which path through their candidates to propose, and what was learnt from those before. For
 * one thread at a time.
 */
final class PathDrafts {
    private final AdaptiveLength.Averages lengths;
    private final PathSearch search;
    private final int context;
    private final CausalProxy.Reader proxy;
    private final Set<Integer> endTokens;
    private int[] lastTokens = {};
    private int[] proposed = {};
    private int generated;

    /**
     * Constructs the drafts of a request.
     *
     * @param length of drafts
     * @param search for a path
     * @param proxy that judges paths
     * @param endTokens ids behind which nothing comes
     */
    PathDrafts(
            AdaptiveLength length, PathSearch search, CausalProxy proxy, Set<Integer> endTokens) {
        this.lengths = length.averages();
        this.search = search;
        this.context = proxy.context();
        this.proxy = proxy.open();
        this.endTokens = endTokens;
    }

    /** Tells what the text has become, and so what became of the newest draft. */
    void extend(int[] text, int from, int to) {
        if (proposed.length > 0) {
            int different = Arrays.mismatch(proposed, 0, proposed.length, text, from, to);
            int common = Math.min(proposed.length, to - from);
            lengths.observe(generated, different < 0 ? common : different);
            proposed = new int[0];
        }
        proxy.extend(text, from, to);
        lastTokens = Arrays.copyOfRange(text, Math.max(0, to - context), to);
    }

    /** Returns how many places the next draft has. */
    int places(DraftLimit limit) {
        return Math.min(limit.tokens(), lengths.next());
    }

    /**
     * Returns a draft.
     *
     * @param read candidates of its places
     * @param limit as for {@link #places}
     */
    Draft choose(List<Candidates> read, DraftLimit limit) {
        Lattice lattice = Lattice.of(read, endTokens);
        PathSearch.Path path = search.best(lattice, lastTokens, context, proxy, endTokens);
        double[] confidences = Arrays.stream(path.logProbabilities()).map(Math::exp).toArray();
        int trusted = 0;
        while (trusted < confidences.length && confidences[trusted] >= limit.leastConfidence()) {
            trusted++;
        }
        Draft draft = new Draft(path.tokens(), confidences, null).first(trusted);
        proposed = draft.tokens();
        generated = lattice.generated();
        return draft;
    }
}
