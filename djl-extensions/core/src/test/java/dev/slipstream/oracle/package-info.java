/**
 * The oracle of the decoder graphs: the Llama family's forward pass in straight loops over doubles,
 * written from the published formulas, with readers of its own. It shares no code with what it
 * judges and is slow on purpose.
 */
@NullMarked
package dev.slipstream.oracle;

import org.jspecify.annotations.NullMarked;
