package dev.slipstream.decode.draft.diffuse;

import dev.slipstream.decode.draft.CorpusIndex;
import org.jspecify.annotations.Nullable;

/** The causal proxies that a user can name. */
public enum ProxyKind {
    /** {@link NgramProxy}. */
    NGRAM,
    /** {@link UniformProxy}. */
    UNIFORM;

    /**
     * Returns the proxy.
     *
     * @param texts of the domain, in the target's tokens; null if there are none
     * @param vocabularySize number of token ids
     */
    public CausalProxy proxy(@Nullable CorpusIndex texts, int vocabularySize) {
        if (this == UNIFORM) {
            return new UniformProxy(vocabularySize);
        }
        return texts == null
                ? new NgramProxy(vocabularySize)
                : NgramProxy.of(texts, vocabularySize);
    }
}
