package dev.slipstream.spring.autoconfigure;

import dev.slipstream.cache.CacheStatistics;
import org.jspecify.annotations.Nullable;

/**
 * How a model does at the moment.
 *
 * @param name in the application
 * @param location from which it was opened
 * @param contextLength the most tokens of prompt and answer
 * @param active requests that run now
 * @param queued requests that wait now
 * @param keyValueBytes memory set aside for the keys and values of the requests that run now; null
 *     if the model is not a {@link dev.slipstream.schedule.BatchingGenerator}
 * @param prefixCache what was remembered and found again; null if there is no prefix cache, or the
 *     model is not a {@link dev.slipstream.schedule.BatchingGenerator}
 * @param closed whether it was closed and serves no more
 */
public record ModelStatus(
        String name,
        String location,
        int contextLength,
        int active,
        int queued,
        @Nullable Long keyValueBytes,
        @Nullable CacheStatistics prefixCache,
        boolean closed) {}
