package dev.slipstream.decode;

import dev.slipstream.runtime.DecoderSession;

/**
 * A way to draft, for all requests of one model: makes their drafters and owns what these share, a
 * draft model or a corpus. Safe for use by many threads.
 */
public interface Drafting extends AutoCloseable {
    /** Returns the name that users know it by, such as {@code prompt-lookup}. */
    String name();

    /**
     * Returns a drafter for one request; its owner closes it.
     *
     * @param target the request's session, for drafters that run a part of the same model on its
     *     keys and values; they leave its length as they find it
     * @param options of the request, with a seed of the drafter's own; with temperature 0, whatever
     *     the request's, where tokens are to be chosen and not drawn ({@link
     *     AcceptanceRule#EQUAL_TOKENS})
     */
    Drafter open(DecoderSession target, GenerationOptions options);

    /** Frees what the drafters share, after the last of them is closed. */
    @Override
    void close();
}
