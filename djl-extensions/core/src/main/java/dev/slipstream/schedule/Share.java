package dev.slipstream.schedule;

import dev.slipstream.runtime.Turn;

/**
 * One request's part of a step.
 *
 * @param request that the tokens belong to
 * @param turn what it has run
 */
record Share(ScheduledRequest request, Turn turn) {}
