package dev.slipstream.samples.benchmarks.contest;

/**
 * A contender that takes part in rounds.
 *
 * @param name that tables show
 * @param running its process
 */
public record Entrant(String name, Running running) {}
