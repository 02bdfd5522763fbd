package dev.slipstream.cache;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The pages of a cache as a tree over tokens, their memory, and their order of use. Every method
 * holds the lock, and none copies keys and values.
 *
 * <p>A page has a buffer of its own from its reservation until it is neither linked nor pinned.
 * Buffers go from page to page and are never given back while the tree is in use: native memory is
 * freed by the garbage collector alone, so freeing and allocating could exceed the budget.
 */
final class PageTree {
    private static final System.Logger LOGGER = System.getLogger(PageTree.class.getName());

    private final int pageTokens;
    private final int pageBytes;
    private final long budget;
    private final IntFunction<ByteBuffer> memory;
    private final Page root = Page.root();

    /**
     * The least recently used first. A page is moved to the end only together with those that lead
     * to it, and before them: so of all unpinned pages the first is a leaf.
     */
    private final Set<Page> byUse = new LinkedHashSet<>();

    private final Deque<ByteBuffer> free = new ArrayDeque<>();
    private int limit;
    private int allocated;
    private long lookups;
    private long hits;
    private long tokensSaved;
    private long tokensStored;
    private long evictions;

    /**
     * Constructs an empty tree.
     *
     * @param pageTokens tokens of a page
     * @param pageBytes bytes of a page
     * @param budget the most bytes of all pages
     * @param memory allocates so many bytes
     */
    PageTree(int pageTokens, int pageBytes, long budget, IntFunction<ByteBuffer> memory) {
        this.pageTokens = pageTokens;
        this.pageBytes = pageBytes;
        this.budget = budget;
        this.memory = memory;
        this.limit = Math.toIntExact(Math.min(Integer.MAX_VALUE, budget / pageBytes));
    }

    /**
     * Finds the longest beginning of a text.
     *
     * @param tokens the text
     * @param most how many tokens are wanted
     * @param capacity how many tokens the session can hold that the pages are copied to, whole
     */
    synchronized Lease find(int[] tokens, int most, int capacity) {
        Lease lease = new Lease(this, root);
        int common = pageTokens;
        while (lease.length() < most && common == pageTokens) {
            int[] wanted = piece(tokens, lease.length(), most);
            Page next = lease.last().nearest(wanted);
            if (next == null || lease.length() + next.length() > capacity) {
                break;
            }
            common = next.common(wanted);
            lease.add(next, common);
        }
        touch(lease.last());
        lookups++;
        hits += lease.length() > 0 ? 1 : 0;
        tokensSaved += lease.length();
        return lease;
    }

    /** Returns a lease for a text of which nothing is looked up yet. */
    synchronized Lease begin() {
        return new Lease(this, root);
    }

    /**
     * Adds to a lease the pages that hold more of its text already.
     *
     * @return how many tokens of the text the lease's pages hold now
     */
    synchronized int follow(Lease lease, int[] tokens, int length) {
        while (lease.length() < length) {
            int[] wanted = piece(tokens, lease.length(), length);
            Page next = lease.last().covering(wanted);
            if (next == null) {
                break;
            }
            lease.add(next, wanted.length);
        }
        touch(lease.last());
        return lease.length();
    }

    /** Returns the tokens of the page that starts at an index of a text. */
    int[] piece(int[] tokens, int from, int to) {
        return Arrays.copyOfRange(tokens, from, Math.min(from + pageTokens, to));
    }

    /**
     * Returns a page to be filled and then linked or discarded, in free memory or in that of the
     * least recently used leaf; null if all pages are in use.
     */
    @Nullable Page reserve(Page parent, int[] tokens) {
        ByteBuffer buffer = take(true);
        return buffer == null ? null : new Page(parent, tokens, buffer);
    }

    /** As {@link #reserve}, but in free memory only. */
    @Nullable Page reserveFree(@Nullable Page parent, int[] tokens) {
        ByteBuffer buffer = take(false);
        return buffer == null ? null : new Page(parent, tokens, buffer);
    }

    /**
     * Links a filled page behind the last one of a lease, unless another thread was faster or the
     * tree was cleared.
     *
     * @return whether the lease goes on with it, or with the other thread's page
     */
    synchronized boolean link(Lease lease, Page page) {
        Page parent = lease.last();
        if (!parent.linked()) {
            giveBack(page.buffer());
            return false;
        }
        Page held = insert(parent, page);
        tokensStored += held == page ? page.length() : 0;
        lease.add(held, page.length());
        touch(lease.last());
        return true;
    }

    /**
     * Links filled pages, or finds those that were there already, and makes them the most recently
     * used ones.
     *
     * @param pages each behind its parent
     * @param parents for each the index of its parent, -1 for none
     * @return how many were not there yet
     */
    synchronized int adopt(List<Page> pages, List<Integer> parents) {
        List<Page> placed = new ArrayList<>();
        int added = 0;
        for (int i = 0; i < pages.size(); i++) {
            int index = parents.get(i);
            Page parent = index < 0 ? root : placed.get(index);
            Page page = pages.get(i);
            Page copy = new Page(parent, page.tokens(), page.buffer());
            Page result = insert(parent, copy);
            added += result == copy ? 1 : 0;
            placed.add(result);
        }
        Collections.reverse(placed);
        placed.stream().filter(Page::linked).forEach(this::moveToEnd);
        return added;
    }

    /** Gives back the memory of a page that was not linked. */
    synchronized void discard(Page page) {
        giveBack(page.buffer());
    }

    synchronized void release(List<Page> pages) {
        for (Page page : pages) {
            page.unpin();
            if (!page.linked() && !page.pinned()) {
                giveBack(page.buffer());
            }
        }
    }

    /** Returns all pages, the most recently used first and so each behind its parent. */
    synchronized Lease all() {
        Lease lease = new Lease(this, root);
        List<Page> newestFirst = new ArrayList<>(byUse);
        Collections.reverse(newestFirst);
        newestFirst.forEach(page -> lease.add(page, page.length()));
        return lease;
    }

    /** Forgets all pages; those in use are freed when they no longer are. */
    synchronized void clear() {
        List.copyOf(byUse).forEach(this::remove);
    }

    /** Forgets all pages, and gives memory back to the garbage collector, now and later. */
    synchronized void close() {
        clear();
        limit = 0;
        allocated -= free.size();
        free.clear();
    }

    synchronized CacheStatistics statistics() {
        return new CacheStatistics(
                lookups,
                hits,
                tokensSaved,
                tokensStored,
                evictions,
                byUse.size(),
                (long) allocated * pageBytes,
                budget);
    }

    /** Returns the page that holds these tokens: this one, or the one that was there before. */
    private Page insert(Page parent, Page page) {
        Page covering = parent.covering(page.tokens());
        if (covering != null) {
            giveBack(page.buffer());
            return covering;
        }
        Page beginning = parent.beginningOf(page.tokens());
        if (beginning != null) {
            remove(beginning);
        }
        parent.link(page);
        byUse.add(page);
        return page;
    }

    private void touch(Page page) {
        for (Page next = page; next != null && next != root; next = next.parent()) {
            if (next.linked()) {
                moveToEnd(next);
            }
        }
    }

    private void moveToEnd(Page page) {
        byUse.remove(page);
        byUse.add(page);
    }

    private void remove(Page page) {
        page.unlink();
        byUse.remove(page);
        if (!page.pinned()) {
            giveBack(page.buffer());
        }
    }

    private void giveBack(ByteBuffer buffer) {
        if (allocated > limit) {
            allocated--;
        } else {
            free.push(buffer);
        }
    }

    private @Nullable ByteBuffer take(boolean evicting) {
        synchronized (this) {
            if (free.isEmpty() && allocated >= limit && evicting) {
                byUse.stream().filter(page -> !page.pinned()).findFirst().ifPresent(this::evict);
            }
            if (!free.isEmpty() || allocated >= limit) {
                return free.poll();
            }
            allocated++;
        }
        return allocate();
    }

    private void evict(Page page) {
        evictions++;
        remove(page);
    }

    /** Outside of the lock: zeroing a large page takes a while. */
    private @Nullable ByteBuffer allocate() {
        try {
            return memory.apply(pageBytes);
        } catch (OutOfMemoryError e) {
            // A cache is a luxury: it makes do with what it has.
            synchronized (this) {
                allocated--;
                limit = Math.min(limit, allocated);
                LOGGER.log(
                        System.Logger.Level.WARNING,
                        "the prefix cache may take {0} bytes, but no direct memory is left after {1}; it goes on with those. Lower its budget, or raise -XX:MaxDirectMemorySize",
                        budget,
                        (long) allocated * pageBytes);
            }
            return null;
        }
    }
}
