package dev.slipstream.pass;

/** By what the next sub-layer to go is chosen. */
public enum RemovalOrder {
    /**
     * Whose removal, after those before, changes the output least: tried anew for all that are left
     * after each removal, always against the original (FinerCut).
     */
    GREEDY,
    /** Whose removal alone changes the output least: tried once. */
    ONE_SHOT,
    /**
     * Whole layers whose hidden state behind is most like the one before, by cosine (Men and
     * others, ShortGPT, 2024).
     */
    SIMILARITY,
    /** The last sub-layers of the model. */
    LAST,
    /** Drawn. */
    RANDOM;

    /** Tells whether it looks at text. */
    boolean reads() {
        return this != LAST && this != RANDOM;
    }

    /** Tells whether the first layers are kept out of it for a while. */
    boolean protectsFront() {
        return this == GREEDY || this == ONE_SHOT;
    }
}
