package dev.slipstream.blocks.train;

import java.util.Map;

/**
 * What a step did.
 *
 * @param step number of steps done, this one included
 * @param steps of the whole training
 * @param losses by name, in nats a token
 * @param gradientNorm of all gradients together, before clipping
 * @param rate of the step
 * @param tokens of the text that the step read
 */
public record StepReport(
        int step,
        int steps,
        Map<String, Double> losses,
        double gradientNorm,
        double rate,
        int tokens) {}
