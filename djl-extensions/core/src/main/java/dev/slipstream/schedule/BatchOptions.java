package dev.slipstream.schedule;

/**
 * How the requests of one model share it.
 *
 * @param maxActive requests that run at once, at least 1
 * @param maxQueued requests that may wait beyond those, at least 0
 * @param keyValueBytes native memory for the keys and values of requests that run at once, at least
 *     1; {@link #UNLIMITED} leaves it to {@code maxActive}
 * @param prefillChunk tokens of prompts that one step reads, at least 1: more read prompts faster,
 *     fewer keep the other texts flowing more smoothly meanwhile
 */
public record BatchOptions(int maxActive, int maxQueued, long keyValueBytes, int prefillChunk) {
    /** No limit of its own for keys and values. */
    public static final long UNLIMITED = Long.MAX_VALUE;

    /** Checks the ranges. */
    public BatchOptions {
        if (maxActive < 1) {
            throw new IllegalArgumentException("maxActive: expected 1 or more, found " + maxActive);
        }
        if (maxQueued < 0) {
            throw new IllegalArgumentException("maxQueued: expected 0 or more, found " + maxQueued);
        }
        if (keyValueBytes < 1) {
            throw new IllegalArgumentException(
                    "keyValueBytes: expected 1 or more, found " + keyValueBytes);
        }
        if (prefillChunk < 1) {
            throw new IllegalArgumentException(
                    "prefillChunk: expected 1 or more, found " + prefillChunk);
        }
    }

    /**
     * Returns four running and 64 waiting requests, 256 tokens of prompts a step, and no limit of
     * its own for keys and values.
     */
    public static BatchOptions defaults() {
        return new BatchOptions(4, 64, UNLIMITED, 256);
    }

    /** Returns these options with other limits on requests. */
    public BatchOptions withRequests(int active, int queued) {
        return new BatchOptions(active, queued, keyValueBytes, prefillChunk);
    }

    /** Returns these options with another limit on keys and values. */
    public BatchOptions withKeyValueBytes(long value) {
        return new BatchOptions(maxActive, maxQueued, value, prefillChunk);
    }

    /** Returns these options with another number of prompt tokens a step. */
    public BatchOptions withPrefillChunk(int value) {
        return new BatchOptions(maxActive, maxQueued, keyValueBytes, value);
    }
}
