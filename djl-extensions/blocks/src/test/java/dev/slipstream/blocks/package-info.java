/** Blocks against plain loops and against the decoder that serves. */
@NullMarked
package dev.slipstream.blocks;

import org.jspecify.annotations.NullMarked;
