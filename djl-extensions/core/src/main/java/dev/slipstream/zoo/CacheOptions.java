package dev.slipstream.zoo;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of texts that a model has read, so that prompts which begin alike are read
 * once.
 *
 * @param bytes native memory for keys and values; 0 remembers nothing
 * @param file where they are kept from one start to the next: read when the model is opened,
 *     written when it is closed; null keeps them in memory only
 */
public record CacheOptions(long bytes, @Nullable Path file) {
    /** Nothing is remembered. */
    public static final CacheOptions NONE = new CacheOptions(0, null);

    /** Checks the range. */
    public CacheOptions {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes: expected 0 or more, found " + bytes);
        }
    }

    /** Returns 64 MiB, in memory only. */
    public static CacheOptions defaults() {
        return new CacheOptions(64L << 20, null);
    }
}
