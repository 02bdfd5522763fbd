package dev.slipstream.blocks.train;

import ai.djl.ndarray.NDArray;

/**
 * One part of what a step lessens: its weight times sum / count.
 *
 * @param name as reports show it
 * @param weight in the total
 * @param sum over the predictions of this pass, a scalar
 * @param count predictions of the whole step, of which a pass may hold only some
 */
public record Loss(String name, double weight, NDArray sum, double count) {}
