/** Ways to draft tokens, and rules for how many of them. */
@NullMarked
package dev.slipstream.decode.draft;

import org.jspecify.annotations.NullMarked;
