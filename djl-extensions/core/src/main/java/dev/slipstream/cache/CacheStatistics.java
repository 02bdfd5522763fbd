package dev.slipstream.cache;

/**
 * What a {@link PrefixCache} has done since it was made, and what it holds now.
 *
 * @param lookups sessions that asked for a beginning
 * @param hits those of them that got at least one token
 * @param tokensSaved tokens that sessions got and need not compute
 * @param tokensStored tokens whose keys and values were copied in from sessions
 * @param evictions pages that made room for others
 * @param pages pages that hold tokens now
 * @param bytes native memory of all pages, in use or not; at most {@code budget}
 * @param budget the most bytes that the pages may take
 */
public record CacheStatistics(
        long lookups,
        long hits,
        long tokensSaved,
        long tokensStored,
        long evictions,
        int pages,
        long bytes,
        long budget) {}
