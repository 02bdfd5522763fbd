/** Whose tokens go in next, when many ask one model. */
@NullMarked
package dev.slipstream.schedule;

import org.jspecify.annotations.NullMarked;
