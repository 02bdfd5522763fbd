/**
 * Results of long work, kept on disk from one start to the next: named by a hash of what they were
 * made from, complete or not there, verified before they are used, limited in size.
 */
@NullMarked
package dev.slipstream.store;

import org.jspecify.annotations.NullMarked;
