package dev.slipstream.checkpoint;

/** How the vectors of a sentence's tokens become one vector: as the encoder was trained to. */
public enum Pooling {
    /** The mean over the tokens, padding left out; MiniLM, E5. */
    MEAN,
    /** The vector of the first token, {@code [CLS]}; BGE. */
    CLS
}
