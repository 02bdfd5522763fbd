/** Ways in: by name, by directory, and through Deep Java Library. */
@NullMarked
package dev.slipstream.zoo;

import org.jspecify.annotations.NullMarked;
