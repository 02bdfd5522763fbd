/**
 * Drafts from a model that writes blocks (DiffuSpec, 2025): one run of it looks at all places of a
 * draft at once, a search finds the path through its candidates that reads best from left to right,
 * and the length follows what was accepted.
 */
@NullMarked
package dev.slipstream.decode.draft.diffuse;

import org.jspecify.annotations.NullMarked;
