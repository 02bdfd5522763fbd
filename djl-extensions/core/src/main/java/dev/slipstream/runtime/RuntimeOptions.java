package dev.slipstream.runtime;

/**
 * How a model uses the machine.
 *
 * @param threads that one run of the graph uses, at least 1
 * @param spinning what they do while they wait
 * @param keptBuffers key/value buffers of closed sessions that are kept for the next ones
 * @param sequences the most sessions whose tokens share a run, where the graph can do that
 * @param device where the graph runs
 * @param keptContextRows for how many new tokens of a turn attention over what is held may be
 *     {@linkplain ContextAttention#KEPT kept}, where the graph can do that; each costs a session
 *     memory
 */
public record RuntimeOptions(
        int threads,
        Spinning spinning,
        int keptBuffers,
        int sequences,
        Device device,
        int keptContextRows) {
    /** Checks the ranges. */
    public RuntimeOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected 1 or more, found " + threads);
        }
        if (keptBuffers < 0) {
            throw new IllegalArgumentException(
                    "keptBuffers: expected 0 or more, found " + keptBuffers);
        }
        if (sequences < 1) {
            throw new IllegalArgumentException("sequences: expected 1 or more, found " + sequences);
        }
        if (keptContextRows < 0) {
            throw new IllegalArgumentException(
                    "keptContextRows: expected 0 or more, found " + keptContextRows);
        }
    }

    /** Constructs options for the processor. */
    public RuntimeOptions(int threads, Spinning spinning, int keptBuffers, int sequences) {
        this(threads, spinning, keptBuffers, sequences, Device.CPU, 0);
    }

    /** Constructs options for sessions that run one at a time, on the processor. */
    public RuntimeOptions(int threads, Spinning spinning, int keptBuffers) {
        this(threads, spinning, keptBuffers, 1);
    }

    /** Returns these options for another device. */
    public RuntimeOptions withDevice(Device value) {
        return new RuntimeOptions(
                threads, spinning, keptBuffers, sequences, value, keptContextRows);
    }

    /** Returns these options with room to keep the attention of so many new tokens of a turn. */
    public RuntimeOptions withKeptContextRows(int value) {
        return new RuntimeOptions(threads, spinning, keptBuffers, sequences, device, value);
    }

    /** Returns half of the machine's processors (4 at most), brief waits, 2 kept buffers. */
    public static RuntimeOptions defaults() {
        return new RuntimeOptions(defaultThreads(), Spinning.BRIEF, 2);
    }

    /** Returns half of the machine's processors, at least 1 and at most 4. */
    public static int defaultThreads() {
        return Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
    }
}
