package dev.slipstream.decode.draft.diffuse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Finds the path through a lattice that both the model that drafts and a causal proxy find likely
 * (the "causal-consistency path search" of DiffuSpec, 2025): a search from left to right that keeps
 * the best few beginnings. A token counts {@code (1 - w) D + w N}, of the logarithms of what the
 * drafting model (D) and the proxy (N) say of it. Paths that reach an end token are finished and go
 * on competing.
 *
 * @param beam beginnings that are kept, 1 or more
 * @param proxyWeight w, 0 to 1
 * @param score by what finished and unfinished paths are compared
 */
record PathSearch(int beam, double proxyWeight, PathScore score) {
    /**
     * A path, or its beginning.
     *
     * @param tokens in order
     * @param logProbabilities of each token by the model that drafts
     * @param sum of the scores of its tokens
     */
    record Path(int[] tokens, double[] logProbabilities, double sum) {
        static final Path EMPTY = new Path(new int[0], new double[0], 0);

        private Path with(int token, double logProbability, double newSum) {
            int length = tokens.length;
            int[] longer = Arrays.copyOf(tokens, length + 1);
            double[] longerToo = Arrays.copyOf(logProbabilities, length + 1);
            longer[length] = token;
            longerToo[length] = logProbability;
            return new Path(longer, longerToo, newSum);
        }

        private boolean endsIn(Set<Integer> endTokens) {
            return tokens.length > 0 && endTokens.contains(tokens[tokens.length - 1]);
        }

        /** Returns the last tokens, the text's own before the path's first. */
        private int[] last(int count, int[] text) {
            int ofPath = Math.min(count, tokens.length);
            int ofText = Math.min(count - ofPath, text.length);
            int[] last = Arrays.copyOfRange(text, text.length - ofText, text.length + ofPath);
            System.arraycopy(tokens, tokens.length - ofPath, last, ofText, ofPath);
            return last;
        }
    }

    /**
     * Returns the best path.
     *
     * @param lattice candidates by place
     * @param text the end of the text, as much of it as the proxy looks at or more
     * @param context tokens that the proxy looks at
     * @param proxy of the request
     * @param endTokens ids behind which nothing comes
     */
    Path best(
            Lattice lattice,
            int[] text,
            int context,
            CausalProxy.Reader proxy,
            Set<Integer> endTokens) {
        List<Path> kept = List.of(Path.EMPTY);
        for (Candidates place : lattice.places()) {
            List<Path> next = new ArrayList<>(beam + 1);
            for (Path path : kept) {
                if (path.endsIn(endTokens)) {
                    offer(path, next);
                } else {
                    extend(path, path.last(context, text), place, proxy, next);
                }
            }
            kept = next;
        }
        return kept.get(0);
    }

    private void extend(
            Path path, int[] before, Candidates place, CausalProxy.Reader proxy, List<Path> best) {
        int length = path.tokens().length + 1;
        for (int i = 0; i < place.count(); i++) {
            double drafted = place.logProbabilities()[i];
            double most = path.sum() + (1 - proxyWeight) * drafted;
            // The proxy can only lower it, and those that follow are less likely still.
            if (best.size() == beam && score.of(most, length) <= rank(best.get(beam - 1))) {
                return;
            }
            int token = place.tokens()[i];
            offer(path.with(token, drafted, most + weighted(proxy, before, token)), best);
        }
    }

    private double weighted(CausalProxy.Reader proxy, int[] before, int token) {
        if (proxyWeight == 0) {
            return 0;
        }
        double logProbability = proxy.logProbability(before, token);
        if (!(logProbability <= 0 && logProbability > Double.NEGATIVE_INFINITY)) {
            throw new IllegalStateException(
                    "causal proxy: token %d after %s: expected the logarithm of a probability, 0 or below and finite, found %s; smooth what was never seen"
                            .formatted(token, Arrays.toString(before), logProbability));
        }
        return proxyWeight * logProbability;
    }

    /** Of equal ones the first stays first. */
    private void offer(Path path, List<Path> best) {
        double rank = rank(path);
        int place = best.size();
        while (place > 0 && rank(best.get(place - 1)) < rank) {
            place--;
        }
        if (place < beam) {
            best.add(place, path);
            if (best.size() > beam) {
                best.remove(beam);
            }
        }
    }

    private double rank(Path path) {
        return score.of(path.sum(), path.tokens().length);
    }
}
