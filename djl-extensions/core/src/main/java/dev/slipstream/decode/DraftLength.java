package dev.slipstream.decode;

/** Decides how much of one text is drafted. For one request and one thread at a time. */
public interface DraftLength {
    /**
     * Returns how far the drafter may go now.
     *
     * @param otherRows tokens of other requests that share the run, 0 without batching
     */
    DraftLimit limit(int otherRows);

    /**
     * Returns how many tokens of a draft are worth their verification. Not asked of drafts with
     * distributions: to leave a drawn token out because of what it is would change the text's
     * distribution.
     *
     * @param draft within the limit
     * @param otherRows tokens of other requests that share the run, 0 without batching
     */
    default int worth(Draft draft, int otherRows) {
        return draft.length();
    }

    /** Learns from a verification. */
    void observe(DraftRound round);
}
