/** The program {@code train.jar}: trains decoders from the shell. */
@NullMarked
package dev.slipstream.samples.train;

import org.jspecify.annotations.NullMarked;
