package dev.slipstream.evaluate;

/**
 * All that was measured of a candidate against the original.
 *
 * @param quality what it lost
 * @param speed what it won
 * @param originalFootprint what the original takes of the machine
 * @param footprint what the candidate takes
 */
public record Evaluation(
        Quality quality, Speed speed, Footprint originalFootprint, Footprint footprint) {}
