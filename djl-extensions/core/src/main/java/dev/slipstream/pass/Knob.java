package dev.slipstream.pass;

/**
 * A parameter that a pass takes in plans.
 *
 * @param name in plans
 * @param values what it may be, such as {@code a number of 0 to 1}
 * @param missing what holds where it is left out; empty if the pass finds it by itself
 */
public record Knob(String name, String values, String missing) {}
