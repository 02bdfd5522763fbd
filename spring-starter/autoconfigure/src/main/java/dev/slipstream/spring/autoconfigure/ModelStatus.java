package dev.slipstream.spring.autoconfigure;

import dev.slipstream.cache.CacheStatistics;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a model does at the moment.
 *
 * @param name in the application
 * @param location from which it was opened
 * @param passes that its graph went through, gates among them, as plans name them; empty if none is
 *     known
 * @param efforts the levels of effort that requests may ask for, the best one first; empty if none
 *     is known
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
        List<String> passes,
        List<String> efforts,
        int contextLength,
        int active,
        int queued,
        @Nullable Long keyValueBytes,
        @Nullable CacheStatistics prefixCache,
        boolean closed) {
    /** Copies the lists. */
    public ModelStatus {
        passes = List.copyOf(passes);
        efforts = List.copyOf(efforts);
    }
}
