package dev.slipstream.decode;

/**
 * Proposes the tokens that may come next in one text. The target verifies them, so a wrong proposal
 * costs time and never changes the text. For one request and one thread at a time.
 */
public interface Drafter extends AutoCloseable {
    /**
     * Tells what the text has become: first the prompt, then the tokens that each verification
     * added.
     *
     * @param text the target's token ids from the prompt's first on
     * @param from first new one
     * @param to one past the last new one, the length of the text so far
     */
    void extend(int[] text, int from, int to);

    /**
     * Proposes what may follow the text.
     *
     * <p>A drafter that draws its tokens decides whether to stop before it draws, from the tokens
     * before and the distribution, never from the token that came out nor from later ones: a drawn
     * token that is left out because it is unlikely would change the text's distribution.
     *
     * @param limit how far to go
     */
    Draft propose(DraftLimit limit);

    /** Frees what the drafter holds for its request. */
    @Override
    void close();
}
