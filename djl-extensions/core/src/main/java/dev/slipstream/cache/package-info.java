/**
 * What is remembered between requests: the keys and values of beginnings that texts share.
 *
 * <p>{@link dev.slipstream.cache.PrefixCache} copies them into a new session and out of a used one.
 * The tree of pages behind it is only ever touched under its lock; pages are copied outside of it
 * and are pinned meanwhile by a {@code Lease}.
 */
@NullMarked
package dev.slipstream.cache;

import org.jspecify.annotations.NullMarked;
