/**
 * Who proposes tokens to speculative decoding, and how many: drafters that look in the text or in a
 * corpus, that run another model or a part of the same one, and rules for the length of a draft.
 */
@NullMarked
package dev.slipstream.decode.draft;

import org.jspecify.annotations.NullMarked;
