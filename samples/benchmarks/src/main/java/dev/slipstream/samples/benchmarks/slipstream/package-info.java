/** Slipstream as a contender among the others. */
@NullMarked
package dev.slipstream.samples.benchmarks.slipstream;

import org.jspecify.annotations.NullMarked;
