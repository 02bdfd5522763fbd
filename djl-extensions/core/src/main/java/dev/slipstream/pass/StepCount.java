package dev.slipstream.pass;

/** Counts the work of a pass, of equal steps. */
final class StepCount {
    private final PassProgress progress;
    private final int total;
    private int done;

    /**
     * Constructs a count of nothing done.
     *
     * @param total how many steps there are at most, 1 or more
     */
    StepCount(PassProgress progress, int total) {
        this.progress = progress;
        this.total = total;
    }

    /** Counts one more. */
    void step() {
        passTo(done + 1);
    }

    /** Counts up to a number, as where some steps turned out not to be needed. */
    void passTo(int steps) {
        if (steps > done) {
            done = Math.min(steps, total);
            progress.step(done, total);
        }
    }

    /** Counts all that is left. */
    void finish() {
        passTo(total);
    }
}
