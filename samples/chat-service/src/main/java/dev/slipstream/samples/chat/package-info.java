/** A service that streams text from a language model in its own process. */
@NullMarked
package dev.slipstream.samples.chat;

import org.jspecify.annotations.NullMarked;
