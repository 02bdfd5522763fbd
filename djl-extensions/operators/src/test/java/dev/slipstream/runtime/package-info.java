/** What tests of the operators need of the runtime's inside. */
@NullMarked
package dev.slipstream.runtime;

import org.jspecify.annotations.NullMarked;
