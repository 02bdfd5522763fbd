package dev.slipstream.cache;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The keys and values of a few tokens that follow those of the parent page. All state but the
 * content of the buffer belongs to {@link PageTree} and its lock.
 */
final class Page {
    private final @Nullable Page parent;
    private final int[] tokens;
    private final ByteBuffer buffer;

    /**
     * By their tokens in lexicographic order; none is the beginning of another. So the page that
     * shares most with any text is the last before it or the first after it.
     */
    private final NavigableMap<int[], Page> children = new TreeMap<>(Arrays::compare);

    private int pins;
    private boolean linked;

    Page(@Nullable Page parent, int[] tokens, ByteBuffer buffer) {
        this.parent = parent;
        this.tokens = tokens;
        this.buffer = buffer;
    }

    static Page root() {
        Page root = new Page(null, new int[0], ByteBuffer.allocate(0));
        root.linked = true;
        return root;
    }

    @Nullable Page parent() {
        return parent;
    }

    int length() {
        return tokens.length;
    }

    int[] tokens() {
        return tokens;
    }

    ByteBuffer buffer() {
        return buffer;
    }

    /** Returns the part of the buffer that the tokens take, as an own view. */
    ByteBuffer content(long bytesPerToken) {
        return buffer.slice(0, Math.toIntExact(tokens.length * bytesPerToken));
    }

    /** Returns how many tokens at the beginning are the same. */
    int common(int[] wanted) {
        int mismatch = Arrays.mismatch(tokens, wanted);
        return mismatch < 0 ? tokens.length : mismatch;
    }

    /** Returns the child that shares the longest beginning; null if none shares a token. */
    @Nullable Page nearest(int[] wanted) {
        Map.Entry<int[], Page> before = children.floorEntry(wanted);
        Map.Entry<int[], Page> after = children.ceilingEntry(wanted);
        Page best = null;
        int most = 0;
        if (before != null) {
            best = before.getValue();
            most = best.common(wanted);
        }
        if (after != null && after.getValue().common(wanted) > most) {
            return after.getValue();
        }
        return most == 0 ? null : best;
    }

    /** Returns a child that begins with these tokens. */
    @Nullable Page covering(int[] wanted) {
        Map.Entry<int[], Page> after = children.ceilingEntry(wanted);
        return after != null && after.getValue().common(wanted) == wanted.length
                ? after.getValue()
                : null;
    }

    /** Returns the child that is a beginning of these tokens. */
    @Nullable Page beginningOf(int[] wanted) {
        Map.Entry<int[], Page> before = children.floorEntry(wanted);
        return before != null && before.getValue().common(wanted) == before.getKey().length
                ? before.getValue()
                : null;
    }

    void link(Page child) {
        children.put(child.tokens, child);
        child.linked = true;
    }

    void unlink() {
        if (parent != null) {
            parent.children.remove(tokens);
        }
        linked = false;
    }

    boolean linked() {
        return linked;
    }

    boolean pinned() {
        return pins > 0;
    }

    void pin() {
        pins++;
    }

    void unpin() {
        pins--;
    }
}
