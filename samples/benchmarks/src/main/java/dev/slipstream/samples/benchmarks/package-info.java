/** Slipstream measured: side by side with what else a user would pick, and part by part. */
@NullMarked
package dev.slipstream.samples.benchmarks;

import org.jspecify.annotations.NullMarked;
