package dev.slipstream.decode.draft.diffuse;

import dev.slipstream.decode.draft.CorpusIndex;
import org.jspecify.annotations.Nullable;

/**
 * Knows which tokens follow which two (a 3-gram model), from texts of the domain and from the
 * request's own text as it grows. What the request's text says counts before what the others say.
 * Smoothed as by Kneser and Ney (1995), so that what was never seen stays possible.
 *
 * <p>The counts of a million tokens take some twenty megabytes; those of one request go with it.
 */
public final class NgramProxy implements CausalProxy {
    /** No more tokens of a corpus are counted: more of one domain would tell little that is new. */
    public static final int MOST_TOKENS = 4_000_000;

    private final int vocabularySize;
    private final @Nullable KneserNey corpus;

    /**
     * Constructs a proxy that learns from the request's own text only.
     *
     * @param vocabularySize number of token ids, at most 2,097,152
     */
    public NgramProxy(int vocabularySize) {
        this(new KneserNey(vocabularySize), vocabularySize);
    }

    private NgramProxy(KneserNey fitted, int vocabularySize) {
        this.vocabularySize = vocabularySize;
        corpus = fitted.triples() == 0 ? null : fitted;
    }

    /**
     * Fits a proxy to the first {@link #MOST_TOKENS} tokens of texts.
     *
     * @param index texts in the target's tokens
     * @param vocabularySize number of token ids, at most 2,097,152
     */
    public static NgramProxy of(CorpusIndex index, int vocabularySize) {
        KneserNey counts = new KneserNey(vocabularySize);
        int[] text = index.beginning(MOST_TOKENS);
        // Separators of documents are below 0, and so gaps.
        counts.add(text, 0, text.length);
        return new NgramProxy(counts, vocabularySize);
    }

    @Override
    public int context() {
        return 2;
    }

    @Override
    public Reader open() {
        return new Growing(new KneserNey(vocabularySize), corpus);
    }

    /** The counts of one request's text, over those of the corpus. */
    private record Growing(KneserNey own, @Nullable KneserNey corpus) implements Reader {
        @Override
        public void extend(int[] text, int from, int to) {
            own.add(text, from, to);
        }

        @Override
        public double logProbability(int[] before, int token) {
            return Math.log(
                    corpus == null
                            ? own.probability(before, token)
                            : own.probability(before, token, corpus.probability(before, token)));
        }
    }
}
