package dev.slipstream.samples.benchmarks.contest;

/** A contender that has been started, with its model open. Closing it ends it. */
public interface Running extends AutoCloseable {
    /** Returns what it is called with its version. */
    String version();

    /** Returns the seconds from the start of its process until its model was open. */
    double loadSeconds();

    /**
     * Asks for one run and waits for the end of it. A contender that is dead, or dies, or does not
     * answer in time answers {@link Answer.Failed}, now and ever after.
     */
    Answer run(Request request);

    /** Returns the memory of its process at this moment, or at its most recent one. */
    ProcessMemory memory();

    @Override
    void close();
}
