/** Slipstream in the shell: generate with, inspect, evaluate and measure a model. */
@NullMarked
package dev.slipstream.samples.cli;

import org.jspecify.annotations.NullMarked;
