/** One checkpoint's weights in the file formats that the peers read. */
@NullMarked
package dev.slipstream.samples.benchmarks.weights;

import org.jspecify.annotations.NullMarked;
