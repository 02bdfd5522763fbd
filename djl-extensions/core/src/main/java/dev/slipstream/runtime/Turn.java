package dev.slipstream.runtime;

/**
 * New tokens of one session, for a run that it may share with other sessions.
 *
 * @param session that the tokens belong to
 * @param tokens token ids
 * @param from first of them
 * @param to one past the last of them
 * @param rows which of them get logits
 * @param effort how much of the model is computed for them; a {@linkplain Depth#DRAFT draft} runs
 *     all of its part
 * @param fullTokens how many of the tokens, from the first on, skip nothing
 * @param visibility which of each other the tokens see
 * @param context what becomes of their attention over what is held before
 */
public record Turn(
        DecoderSession session,
        int[] tokens,
        int from,
        int to,
        LogitRows rows,
        Effort effort,
        int fullTokens,
        Visibility visibility,
        ContextAttention context) {
    /** Checks the ranges. */
    public Turn {
        if (from < 0 || to <= from || to > tokens.length) {
            throw new IllegalArgumentException(
                    "expected a range of 1 to %d tokens, found %d to %d"
                            .formatted(tokens.length, from, to));
        }
        if (fullTokens < 0 || fullTokens > to - from) {
            throw new IllegalArgumentException(
                    "fullTokens: expected 0 to %d, found %d".formatted(to - from, fullTokens));
        }
        if (!visibility.isCausal() && visibility.rows() != to - from) {
            throw new IllegalArgumentException(
                    "visibility: expected one for %d tokens, found %d"
                            .formatted(to - from, visibility.rows()));
        }
    }

    /**
     * Constructs a turn whose tokens see those before them.
     *
     * @param session that the tokens belong to
     * @param tokens token ids
     * @param from first of them
     * @param to one past the last of them
     * @param rows which of them get logits
     * @param effort how much of the model is computed for them
     * @param fullTokens how many of the tokens, from the first on, skip nothing
     */
    public Turn(
            DecoderSession session,
            int[] tokens,
            int from,
            int to,
            LogitRows rows,
            Effort effort,
            int fullTokens) {
        this(
                session,
                tokens,
                from,
                to,
                rows,
                effort,
                fullTokens,
                Visibility.CAUSAL,
                ContextAttention.COMPUTED);
    }

    /**
     * Constructs a turn for which everything is computed.
     *
     * @param session that the tokens belong to
     * @param tokens token ids
     * @param from first of them
     * @param to one past the last of them
     * @param rows which of them get logits
     */
    public Turn(DecoderSession session, int[] tokens, int from, int to, LogitRows rows) {
        this(session, tokens, from, to, rows, Effort.FULL, 0);
    }

    /** Returns this turn with tokens that see each other in another way. */
    public Turn withVisibility(Visibility value) {
        return new Turn(session, tokens, from, to, rows, effort, fullTokens, value, context);
    }

    /** Returns this turn with another use of what is held before. */
    public Turn withContext(ContextAttention value) {
        return new Turn(session, tokens, from, to, rows, effort, fullTokens, visibility, value);
    }

    /** Returns the number of new tokens. */
    public int length() {
        return to - from;
    }

    /** Tells whether its tokens see those before them, and all of that is computed anew. */
    boolean causal() {
        return visibility.isCausal() && context == ContextAttention.COMPUTED;
    }

    /** Returns how many of a part of the tokens skip nothing. */
    int fullTokens(int start, int count) {
        return Math.max(0, Math.min(count, from + fullTokens - start));
    }

    /** Returns the effort of a run of this depth. */
    Effort effort(Depth depth) {
        return depth == Depth.DRAFT ? Effort.FULL : effort;
    }
}
