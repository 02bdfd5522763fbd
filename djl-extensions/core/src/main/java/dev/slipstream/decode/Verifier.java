package dev.slipstream.decode;

import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;

/**
 * Reads the rows of one run of the target: the drafted tokens that it agrees with, up to the first
 * that it does not, and one token of its own in that place or after the last.
 */
final class Verifier {
    private final Sampler sampler;
    private final Acceptance acceptance;

    Verifier(Sampler sampler, Acceptance acceptance) {
        this.sampler = sampler;
        this.acceptance = acceptance;
    }

    /** Where verified tokens go. */
    interface Text {
        /**
         * Adds a token.
         *
         * @param row the target's logits of its position
         * @return whether the text goes on after it
         */
        boolean add(int token, FloatBuffer row);
    }

    /**
     * Adds the verified tokens to a text, one at least.
     *
     * @param logits of the token before the draft and of each of its tokens
     * @param draft may be empty
     * @return how many of the added tokens are the draft's
     */
    int verify(Logits logits, Draft draft, Text text) {
        int accepted = 0;
        while (true) {
            FloatBuffer row = logits.row(accepted);
            int token = acceptance.choose(sampler, row, draft, accepted);
            // Before the next row: penalties see the accepted tokens as in plain decoding.
            sampler.accept(token);
            boolean agreed = accepted < draft.length() && token == draft.tokens()[accepted];
            accepted += agreed ? 1 : 0;
            if (!text.add(token, row) || !agreed) {
                return accepted;
            }
        }
    }
}
