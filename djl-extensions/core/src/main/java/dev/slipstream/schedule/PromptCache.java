package dev.slipstream.schedule;

import dev.slipstream.runtime.DecoderSession;

/**
 * Keys and values of texts that one model has read, so that a prompt which begins like one of them
 * need not be read from its beginning. Called by one thread.
 */
public interface PromptCache {
    /**
     * Puts the longest known beginning of a prompt into a session, but never the whole prompt: its
     * last token is left to be run.
     *
     * @param session without tokens, of a capacity that holds the prompt
     * @param prompt token ids
     */
    void restore(DecoderSession session, int[] prompt);

    /**
     * Keeps what a session holds. Called when it has read its prompt, and again with the whole text
     * before it is closed.
     *
     * @param session stays as it is
     */
    void store(DecoderSession session);
}
