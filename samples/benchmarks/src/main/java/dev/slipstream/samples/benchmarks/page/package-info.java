/** The page of a comparison: tables and plots, made from its results and nothing else. */
@NullMarked
package dev.slipstream.samples.benchmarks.page;

import org.jspecify.annotations.NullMarked;
