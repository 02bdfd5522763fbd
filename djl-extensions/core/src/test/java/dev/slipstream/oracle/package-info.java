/**
 * The oracles of the graphs: the Llama family's forward pass and BERT's in straight loops over
 * doubles, written from the published formulas, with readers of their own. They share no code with
 * what they judge and are slow on purpose.
 */
@NullMarked
package dev.slipstream.oracle;

import org.jspecify.annotations.NullMarked;
