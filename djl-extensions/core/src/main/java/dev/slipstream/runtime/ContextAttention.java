package dev.slipstream.runtime;

/**
 * What becomes of the attention of a turn's new tokens over what is held before them, which is the
 * most of the work behind a long text. While a block is denoised the text before it stays, and what
 * its places read there changes little from run to run (FlashBlock, Chen and others 2026).
 */
public enum ContextAttention {
    /** It is computed. */
    COMPUTED,

    /**
     * It is computed, and kept with its log-sum-exp for the next turn of as many tokens on the
     * session; until anything else is done with the session.
     */
    KEPT,

    /**
     * That of the turn that kept it is taken, row by row, and what is held is not read: exact where
     * a row's query has not changed, else an approximation.
     */
    REUSED
}
