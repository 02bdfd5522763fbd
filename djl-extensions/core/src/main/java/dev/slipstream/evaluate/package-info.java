/** What a model knows: perplexity on a text. */
@NullMarked
package dev.slipstream.evaluate;

import org.jspecify.annotations.NullMarked;
