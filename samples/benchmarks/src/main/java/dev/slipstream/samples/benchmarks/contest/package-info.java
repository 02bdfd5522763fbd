/**
 * Programs side by side: each in a process of its own, asked run by run, in turns, while the
 * machine is watched.
 */
@NullMarked
package dev.slipstream.samples.benchmarks.contest;

import org.jspecify.annotations.NullMarked;
