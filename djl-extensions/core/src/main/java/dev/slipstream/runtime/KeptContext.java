package dev.slipstream.runtime;

import org.jspecify.annotations.Nullable;

/** Which turn's attention over what a session holds is kept, if any is. */
final class KeptContext {
    private @Nullable Keeper keeper;

    /**
     * What a turn that uses what was kept has in common with the one that kept it.
     *
     * @param past tokens that were held
     * @param tokens new ones
     * @param effort as it decides what attention is computed at all
     */
    private record Keeper(int past, int tokens, Effort effort, Depth depth) {
        static Keeper of(Turn turn, int past, Depth depth) {
            return new Keeper(past, turn.length(), turn.effort(depth).withoutSkipping(), depth);
        }
    }

    /**
     * Checks that what a turn uses is there.
     *
     * @param past tokens that are held
     * @throws IllegalStateException if it is not
     */
    void check(Turn turn, int past, Depth depth) {
        if (turn.context() != ContextAttention.REUSED
                || Keeper.of(turn, past, depth).equals(keeper)) {
            return;
        }
        throw new IllegalStateException(
                "%s: context: expected REUSED straight after a turn with KEPT, of as many new tokens, of the same effort and behind the same tokens, with nothing but rollback between; found %d new tokens behind %d, and %s"
                        .formatted(
                                turn.session().model().name(),
                                turn.length(),
                                past,
                                keeper == null
                                        ? "nothing kept"
                                        : "%d kept behind %d"
                                                .formatted(keeper.tokens(), keeper.past())));
    }

    /** A turn begins, and perhaps fails. */
    void begins(Turn turn) {
        if (turn.context() != ContextAttention.REUSED) {
            keeper = null;
        }
    }

    /** A turn has been run. */
    void ran(Turn turn, int past, Depth depth) {
        if (turn.context() == ContextAttention.KEPT) {
            keeper = Keeper.of(turn, past, depth);
        }
    }

    /** Tokens were forgotten. */
    void cut(int length) {
        if (keeper != null && length < keeper.past()) {
            keeper = null;
        }
    }

    /** Tokens were added without a turn. */
    void forget() {
        keeper = null;
    }
}
