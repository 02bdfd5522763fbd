package dev.slipstream.decode;

/** Why a text ended. */
public enum FinishReason {
    /** The model wrote one of its end tokens, or one of the request's stop tokens. */
    STOP_TOKEN,
    /** One of the request's stop strings came up. */
    STOP_STRING,
    /** The most new tokens were written, or the context is full. */
    LENGTH,
    /** {@link TokenStream#cancel()} was called. */
    CANCELLED,
    /** The request's deadline passed. */
    DEADLINE
}
