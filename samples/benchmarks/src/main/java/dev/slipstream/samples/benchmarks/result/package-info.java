/** What was measured, on what machine: the content of a results file and of the page. */
@NullMarked
package dev.slipstream.samples.benchmarks.result;

import org.jspecify.annotations.NullMarked;
