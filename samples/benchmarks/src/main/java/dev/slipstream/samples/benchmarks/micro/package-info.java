/**
 * JMH benchmarks of the parts that a token passes through. Each class measures one part in one
 * unit, and what is to be compared stands in one class. Before it is measured, each part's result
 * is checked against another way to it, so that nothing is timed that fails.
 */
@NullMarked
package dev.slipstream.samples.benchmarks.micro;

import org.jspecify.annotations.NullMarked;
