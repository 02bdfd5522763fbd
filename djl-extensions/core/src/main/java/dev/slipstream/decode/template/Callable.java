package dev.slipstream.decode.template;

/** Something that a template can call: a function, a method bound to its value, a macro. */
@FunctionalInterface
interface Callable {
    Object call(Rendering rendering, Arguments arguments);
}
