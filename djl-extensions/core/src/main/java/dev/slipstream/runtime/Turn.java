package dev.slipstream.runtime;

/**
 * New tokens of one session, for a run that it may share with other sessions.
 *
 * @param session that the tokens belong to
 * @param tokens token ids
 * @param from first of them
 * @param to one past the last of them
 * @param rows which of them get logits
 */
public record Turn(DecoderSession session, int[] tokens, int from, int to, LogitRows rows) {
    /** Checks the range. */
    public Turn {
        if (from < 0 || to <= from || to > tokens.length) {
            throw new IllegalArgumentException(
                    "expected a range of 1 to %d tokens, found %d to %d"
                            .formatted(tokens.length, from, to));
        }
    }

    /** Returns the number of new tokens. */
    public int length() {
        return to - from;
    }
}
