package dev.slipstream.blocks.train;

/**
 * A loss at a step.
 *
 * @param step number of steps done
 * @param name of the loss
 * @param value in nats a token
 */
public record LossPoint(int step, String name, double value) {}
