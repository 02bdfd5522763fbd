package dev.slipstream.decode;

/**
 * One draft and what became of it.
 *
 * @param draft as the drafter proposed it
 * @param verified how many of its tokens the target saw
 * @param accepted how many of those stayed
 * @param draftNanos time that the drafter took
 * @param rows tokens in the run that verified it, those of other requests included
 * @param runNanos time of that run
 */
public record DraftRound(
        Draft draft, int verified, int accepted, long draftNanos, int rows, long runNanos) {}
