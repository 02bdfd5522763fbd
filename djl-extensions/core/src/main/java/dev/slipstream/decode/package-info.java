/**
 * The loop that decides which tokens go in and which come out: sampling, stopping, streaming text.
 */
@NullMarked
package dev.slipstream.decode;

import org.jspecify.annotations.NullMarked;
