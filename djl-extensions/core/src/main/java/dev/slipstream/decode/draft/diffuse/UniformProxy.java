package dev.slipstream.decode.draft.diffuse;

/** Holds every token for as likely as any other: the path of the model that drafts alone. */
public final class UniformProxy implements CausalProxy {
    private final double logProbability;

    /**
     * Constructs a proxy.
     *
     * @param vocabularySize number of token ids, 1 or more
     */
    public UniformProxy(int vocabularySize) {
        if (vocabularySize < 1) {
            throw new IllegalArgumentException(
                    "vocabularySize: expected 1 or more, found " + vocabularySize);
        }
        logProbability = -Math.log(vocabularySize);
    }

    @Override
    public int context() {
        return 0;
    }

    @Override
    public Reader open() {
        return new Reader() {
            @Override
            public void extend(int[] text, int from, int to) {
                // What a text says changes nothing.
            }

            @Override
            public double logProbability(int[] before, int token) {
                return logProbability;
            }
        };
    }
}
