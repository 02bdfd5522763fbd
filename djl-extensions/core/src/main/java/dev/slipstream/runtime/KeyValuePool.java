package dev.slipstream.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The keys and values of one model's sessions: some of those that were given back are kept for the
 * next ones, as new native memory costs time. Safe for use by many threads.
 */
final class KeyValuePool implements AutoCloseable {
    /** Sizes are multiples of this, so that a buffer fits more sessions than its first one. */
    private static final long STEP = 256;

    private final OrtEnvironment environment;
    private final DecoderInterface decoder;
    private final int contextLength;
    private final int most;
    private final int spare;
    private final Deque<KeyValues> kept = new ArrayDeque<>();
    private boolean closed;

    /**
     * Constructs an empty pool.
     *
     * @param most buffers that are kept
     * @param spare rows behind the tokens' own, for what attention writes there
     */
    KeyValuePool(
            OrtEnvironment environment,
            DecoderInterface decoder,
            int contextLength,
            int most,
            int spare) {
        this.environment = environment;
        this.decoder = decoder;
        this.contextLength = contextLength;
        this.most = most;
        this.spare = spare;
    }

    /** Returns empty keys and values for so many tokens, or for some more. */
    KeyValues acquire(int capacity) throws OrtException {
        int rounded = rounded(capacity);
        synchronized (this) {
            for (KeyValues used : kept) {
                // Rounded: a capacity of 257 does not fit 256 tokens and the twin of the last one.
                if (used.capacity() >= rounded) {
                    kept.remove(used);
                    used.cut(0, 0);
                    return used;
                }
            }
        }
        return decoder.inPlace()
                ? new InPlaceKeyValues(environment, decoder, rounded)
                : new GrowingKeyValues(environment, decoder, rounded);
    }

    /** Returns the tokens that a buffer for so many is made for. */
    int rounded(int capacity) {
        int tokens = (int) Math.min(contextLength, (capacity + STEP - 1) / STEP * STEP);
        return tokens + spare;
    }

    /** Takes keys and values back. */
    void release(KeyValues keyValues) {
        synchronized (this) {
            if (!closed && kept.size() < most) {
                kept.push(keyValues);
                return;
            }
        }
        keyValues.close();
    }

    /** Frees what is kept, and from now on what comes back. */
    @Override
    public synchronized void close() {
        closed = true;
        kept.forEach(KeyValues::close);
        kept.clear();
    }
}
