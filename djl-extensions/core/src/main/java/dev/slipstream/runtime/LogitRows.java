package dev.slipstream.runtime;

/** Which of the new tokens get logits: each row costs one product with the whole vocabulary. */
public enum LogitRows {
    /** The last new token only: what plain decoding needs. */
    LAST,
    /** Every new token: what verification and perplexity need. */
    ALL
}
