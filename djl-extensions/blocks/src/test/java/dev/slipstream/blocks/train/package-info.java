/** Recipes and runs against plain loops. */
@NullMarked
package dev.slipstream.blocks.train;

import org.jspecify.annotations.NullMarked;
