/** Where drafts come from: smaller models, parts of the model itself, the text so far. */
@NullMarked
package dev.slipstream.decode.draft;

import org.jspecify.annotations.NullMarked;
