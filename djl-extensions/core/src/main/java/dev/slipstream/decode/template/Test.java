package dev.slipstream.decode.template;

/** What stands behind {@code is}. */
@FunctionalInterface
interface Test {
    boolean holds(Rendering rendering, Object value, Arguments arguments);
}
