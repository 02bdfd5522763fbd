package dev.slipstream.samples.benchmarks.contest;

/**
 * One measurement: a run, or as many as it takes to be long enough to trust.
 *
 * @param name of the entrant
 * @param request what was asked
 * @param round from 0
 * @param answer means over the runs
 * @param foreign share of the machine that others used meanwhile, 0 to 1
 */
public record Timed(String name, Request request, int round, Answer.Done answer, double foreign) {}
