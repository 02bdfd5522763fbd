/**
 * The part of the Jinja language that chat templates are written in, with Python's semantics and
 * without any way from a template to Java: a template sees strings, numbers, lists and maps only.
 *
 * <p>{@link dev.slipstream.decode.template.Template#parse Parsed} once, a template is rendered by
 * any number of threads; each rendering has a budget of steps and characters that grows with its
 * input, so that a template that never ends, ends.
 */
@NullMarked
package dev.slipstream.decode.template;

import org.jspecify.annotations.NullMarked;
