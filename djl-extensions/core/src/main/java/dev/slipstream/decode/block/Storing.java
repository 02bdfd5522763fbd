package dev.slipstream.decode.block;

/** How the keys and values of a finished block are made, which later blocks see. */
public enum Storing {
    /** Each token sees those before it, as in the prompt: what shifted models are trained with. */
    CAUSAL,

    /** The tokens of the block see each other. A prefix cache cannot keep such tokens. */
    WHOLE
}
