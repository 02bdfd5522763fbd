/**
 * What a model knows and what a change of it costs: perplexity on a text, tasks, agreement with the
 * original, speed in turns with it, and the frontier of speed against quality.
 */
@NullMarked
package dev.slipstream.evaluate;

import org.jspecify.annotations.NullMarked;
