@NullMarked
package dev.slipstream.spring.openai;

import org.jspecify.annotations.NullMarked;
