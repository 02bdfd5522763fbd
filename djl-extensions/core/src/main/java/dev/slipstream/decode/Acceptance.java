package dev.slipstream.decode;

import java.nio.FloatBuffer;

/**
 * Decides whether a proposed token stays, so that the text has the target's own distribution; at
 * temperature 0, that it is the target's own text. For one request and one thread at a time.
 */
sealed interface Acceptance permits EqualTokens, RatioTest {
    /**
     * Returns the token of one position: the proposed one if it is accepted, else another one.
     *
     * @param sampler of the request
     * @param logits the target's, of this position
     * @param draft what was proposed
     * @param index of the position in the draft; the draft's length after its last token
     */
    int choose(Sampler sampler, FloatBuffer logits, Draft draft, int index);
}
