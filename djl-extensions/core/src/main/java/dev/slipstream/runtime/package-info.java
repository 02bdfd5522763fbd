/**
 * Models that are ready to run: decoders with sessions, key/value buffers, positions, logits
 * without copies; sentence encoders.
 */
@NullMarked
package dev.slipstream.runtime;

import org.jspecify.annotations.NullMarked;
