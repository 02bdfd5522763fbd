package dev.slipstream.decode.draft;

/**
 * Where a run of tokens occurs in a corpus: a range of its suffix array, all of whose suffixes
 * begin with the run.
 *
 * @param from the first of the range
 * @param to one past its last
 * @param length of the run, in tokens
 */
record Occurrences(int from, int to, int length) {
    /** So many suffixes are looked at to find the most frequent next token. */
    static final int PROBES = 32;

    int count() {
        return to - from;
    }

    /** Finds the tokens from a position on; none gives an empty range. */
    static Occurrences of(CorpusIndex index, int[] tokens, int begin, int end) {
        int from = bound(index, tokens, begin, end, 0, 0);
        return new Occurrences(from, bound(index, tokens, begin, end, from, 1), end - begin);
    }

    /** Returns the first rank whose suffix is not below the run or, with 1, above all its own. */
    private static int bound(
            CorpusIndex index, int[] tokens, int begin, int end, int first, int above) {
        int low = first;
        int high = index.tokens();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (compare(index, index.suffix(middle), tokens, begin, end) < above) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** A separator is below all tokens and ends the corpus: no comparison goes past it. */
    private static int compare(CorpusIndex index, int suffix, int[] tokens, int begin, int end) {
        for (int i = begin; i < end; i++) {
            int order = Integer.compare(index.token(suffix + i - begin), tokens[i]);
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    /**
     * Returns those occurrences that the most frequent next token follows, itself included; the
     * smallest id of equally frequent ones; an empty range if documents end here.
     *
     * <p>Equal next tokens lie together. So if one follows at least every 32nd occurrence, one of
     * 32 evenly spread probes meets it, and only the groups that are met are measured. If none is
     * so frequent, any of those met may be returned.
     */
    Occurrences narrow(CorpusIndex index) {
        Occurrences best = new Occurrences(from, from, length + 1);
        int probes = Math.min(PROBES, count());
        int measured = from;
        for (int i = 0; i < probes; i++) {
            int probe = from + (int) ((long) count() * i / probes);
            int token = next(index, probe);
            if (probe >= measured && token != CorpusFormat.SEPARATOR) {
                int begin = firstAtLeast(index, token, measured, probe);
                measured = firstAtLeast(index, token + 1, probe, to);
                if (measured - begin > best.count()) {
                    best = new Occurrences(begin, measured, length + 1);
                }
            }
        }
        return best;
    }

    private int firstAtLeast(CorpusIndex index, int token, int first, int end) {
        int low = first;
        int high = end;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (next(index, middle) < token) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private int next(CorpusIndex index, int rank) {
        return index.token(index.suffix(rank) + length);
    }

    /** Returns the last token of the run. */
    int lastToken(CorpusIndex index) {
        return index.token(index.suffix(from) + length - 1);
    }
}
