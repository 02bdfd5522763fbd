/**
 * Passes: rewrites of a model's graph before it runs. Each pays a known price in quality for speed
 * or memory.
 */
@NullMarked
package dev.slipstream.pass;

import org.jspecify.annotations.NullMarked;
