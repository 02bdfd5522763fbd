/** The commands as their users run them. */
@NullMarked
package dev.slipstream.samples.train;

import org.jspecify.annotations.NullMarked;
