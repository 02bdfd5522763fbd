@NullMarked
package dev.slipstream.samples.chat;

import org.jspecify.annotations.NullMarked;
