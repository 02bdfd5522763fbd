/** Slipstream in the shell: generate, inspect and evaluate a model. */
@NullMarked
package dev.slipstream.samples.cli;

import org.jspecify.annotations.NullMarked;
