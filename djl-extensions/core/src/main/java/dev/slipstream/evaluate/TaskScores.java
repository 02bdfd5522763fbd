package dev.slipstream.evaluate;

/**
 * How well two models did one task.
 *
 * @param task its name
 * @param original the untouched model's score
 * @param candidate the changed model's
 */
public record TaskScores(String task, Score original, Score candidate) {}
