package dev.slipstream.runtime;

/**
 * How a model uses the machine.
 *
 * @param threads that one run of the graph uses, at least 1
 * @param spinning what they do while they wait
 * @param keptBuffers key/value buffers of closed sessions that are kept for the next ones
 */
public record RuntimeOptions(int threads, Spinning spinning, int keptBuffers) {
    /** Checks the ranges. */
    public RuntimeOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected 1 or more, found " + threads);
        }
        if (keptBuffers < 0) {
            throw new IllegalArgumentException(
                    "keptBuffers: expected 0 or more, found " + keptBuffers);
        }
    }

    /** Returns half of the machine's processors (4 at most), sleeping waits, 2 kept buffers. */
    public static RuntimeOptions defaults() {
        return new RuntimeOptions(defaultThreads(), Spinning.OFF, 2);
    }

    /** Returns half of the machine's processors, at least 1 and at most 4. */
    public static int defaultThreads() {
        return Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
    }
}
