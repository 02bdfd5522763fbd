package dev.slipstream.decode.draft;

import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.util.Arrays;

/** Brings a drafter's session to where the text is. */
final class SessionText {
    private SessionText() {}

    /**
     * Keeps what session and text have in common, and runs the rest of the text.
     *
     * @param session holds an earlier text, with drafts that may have been refused
     * @param text token ids of the session's model
     * @param length how many of them, at least 1 and at most the session's capacity
     * @param depth how much of the model to run
     * @return the logits behind the text
     */
    static Logits catchUp(DecoderSession session, int[] text, int length, Depth depth) {
        int[] held = session.tokens();
        int different = Arrays.mismatch(held, 0, held.length, text, 0, length);
        int same = different < 0 ? length : different;
        // The last token must run though it is held: its logits are long gone.
        int kept = Math.min(same, length - 1);
        session.rollback(kept);
        return session.forward(text, kept, length, LogitRows.LAST, depth);
    }
}
