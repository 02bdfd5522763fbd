package dev.slipstream.cache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Pages that lie one behind the other and stay what they are until the lease is closed: none is
 * evicted, none is used for other tokens. Used by one thread.
 */
final class Lease implements AutoCloseable {
    private final PageTree tree;
    private final Page root;
    private final List<Page> pages = new ArrayList<>();
    private int length;

    Lease(PageTree tree, Page root) {
        this.tree = tree;
        this.root = root;
    }

    /** Adds a page, of which the lease's owner uses the first tokens. */
    void add(Page page, int used) {
        page.pin();
        pages.add(page);
        length += used;
    }

    /** Returns the last page; the root, if there is none. */
    Page last() {
        return pages.isEmpty() ? root : pages.get(pages.size() - 1);
    }

    List<Page> pages() {
        return Collections.unmodifiableList(pages);
    }

    /** Returns how many tokens of the owner's text the pages hold. */
    int length() {
        return length;
    }

    @Override
    public void close() {
        tree.release(pages);
    }
}
