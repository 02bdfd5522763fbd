/**
 * Drafters that run no model: what they propose stands in the text itself or in the user's own
 * documents. A proposal costs microseconds, so they come first in a {@link
 * dev.slipstream.decode.draft.Chain}.
 */
@NullMarked
package dev.slipstream.decode.draft;

import org.jspecify.annotations.NullMarked;
