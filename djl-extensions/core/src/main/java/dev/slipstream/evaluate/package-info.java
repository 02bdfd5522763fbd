/** What a model knows: perplexity on a text, tasks. */
@NullMarked
package dev.slipstream.evaluate;

import org.jspecify.annotations.NullMarked;
