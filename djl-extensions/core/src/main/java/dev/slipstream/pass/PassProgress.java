package dev.slipstream.pass;

/** Hears how far a pass is, so that a user who waits for it sees for how long. */
@FunctionalInterface
public interface PassProgress {
    /** Hears nothing. */
    PassProgress NONE = (done, total) -> {};

    /**
     * Hears of work done.
     *
     * @param done from 1 to {@code total}, rising; some numbers may be left out
     * @param total the same in all calls of one pass
     */
    void step(int done, int total);
}
