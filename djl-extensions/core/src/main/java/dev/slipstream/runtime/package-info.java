/**
 * A decoder that is ready to run: sessions, key/value buffers, positions, logits without copies.
 */
@NullMarked
package dev.slipstream.runtime;

import org.jspecify.annotations.NullMarked;
