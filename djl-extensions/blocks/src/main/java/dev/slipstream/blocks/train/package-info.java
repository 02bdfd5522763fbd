/**
 * Recipes that train decoders, and what all of them need: texts, steps, losses, checkpoints from
 * which a run goes on as if it had never stopped.
 */
@NullMarked
package dev.slipstream.blocks.train;

import org.jspecify.annotations.NullMarked;
