package dev.slipstream.blocks.train;

/** What tokens see while a decoder learns to fill blocks. */
public enum Visibility {
    /**
     * A clean token sees the clean ones before it, a noised one its own noised block and the clean
     * ones of earlier blocks: the context stays that of the autoregressive model.
     */
    CONTEXT_CAUSAL,

    /** The same, but a clean token sees its whole block: usual block diffusion. */
    BLOCK_CAUSAL,

    /** There are only noised tokens, and all see all: usual masked diffusion. */
    WHOLE_SEQUENCE
}
