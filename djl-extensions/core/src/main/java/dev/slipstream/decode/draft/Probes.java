package dev.slipstream.decode.draft;

import org.jspecify.annotations.Nullable;

/**
 * When to try again what did not pay: after 8 steps without it, then 16, and so on up to 256, and
 * after a success that is news from 8 on again. A probe that costs a quarter of a step so costs 0.1
 * % of the time in the end; one that costs more than a step comes less often.
 *
 * <p>Each request has its own, and those of one model share one more, which lets texts that are
 * shorter than an interval take turns. Its lock guards all of them.
 */
final class Probes {
    private static final int FIRST = 8;
    private static final int LAST = 256;
    private static final int NEW_REQUEST = 4;

    /** Successes in a row are news if they were less likely than this. */
    private static final double SURPRISING = 0.15;

    private final @Nullable Probes shared;
    private int interval;
    private long idle;
    private double chance = 1;
    private boolean untried = true;
    private boolean probing;

    /** Constructs those that requests share. */
    Probes() {
        shared = null;
        interval = FIRST;
    }

    /** Constructs those of a request. */
    Probes(Probes shared) {
        this.shared = shared;
        synchronized (shared) {
            interval = Math.max(FIRST, shared.interval / NEW_REQUEST);
        }
    }

    /**
     * Counts a step that would do without.
     *
     * @param price of trying, in plain steps
     * @return whether to try nevertheless
     */
    boolean due(double price) {
        if (shared == null) {
            throw new IllegalStateException("only requests probe");
        }
        synchronized (shared) {
            idle++;
            shared.idle++;
            double factor = Math.max(1, price);
            boolean turn = untried && shared.idle >= factor * shared.interval;
            probing = turn || idle >= factor * interval;
            return probing;
        }
    }

    /**
     * Learns what came of a try, whether it was a probe or not.
     *
     * @param accepted tokens that stayed
     * @param usual how often a token did so far: a success that was to be expected is no news, and
     *     what did not pay before will not pay now
     */
    void tried(int accepted, double usual) {
        if (shared == null) {
            throw new IllegalStateException("only requests probe");
        }
        synchronized (shared) {
            chance = accepted == 0 ? 1 : chance * Math.pow(usual, accepted);
            if (accepted > 0 && (!probing || chance < SURPRISING)) {
                interval = FIRST;
            } else if (probing) {
                interval = Math.min(LAST, 2 * Math.max(interval, untried ? shared.interval : 0));
            }
            shared.interval = interval;
            shared.idle = Math.max(0, shared.idle - (probing ? Math.max(idle, interval) : idle));
            idle = 0;
            untried = false;
            probing = false;
        }
    }

    /** Waits again if a probe did not come to its turn, because the token before it was wrong. */
    void missed() {
        if (probing) {
            idle = 0;
            probing = false;
        }
    }
}
