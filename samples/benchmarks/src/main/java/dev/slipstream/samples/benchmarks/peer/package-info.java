/**
 * What a user might take instead of Slipstream, each as a child process: how it is started, and the
 * programs that answer for those of them that this build's libraries can run.
 */
@NullMarked
package dev.slipstream.samples.benchmarks.peer;

import org.jspecify.annotations.NullMarked;
