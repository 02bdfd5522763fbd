/** Slipstream's models as a chat model of Spring AI. */
@NullMarked
package dev.slipstream.spring.ai;

import org.jspecify.annotations.NullMarked;
