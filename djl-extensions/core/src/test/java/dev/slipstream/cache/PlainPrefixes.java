package dev.slipstream.cache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * What a prefix cache should hold, in the plainest way: a list of pages, the least recently used
 * first, each as the whole text from its beginning to the page's end. Everything is found by
 * looking at all of them.
 */
final class PlainPrefixes {
    private static final Comparator<List<Integer>> LEXICOGRAPHIC =
            (left, right) -> {
                for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
                    if (!left.get(i).equals(right.get(i))) {
                        return Integer.compare(left.get(i), right.get(i));
                    }
                }
                return Integer.compare(left.size(), right.size());
            };

    private final int pageTokens;
    private final int limit;
    private final List<List<Integer>> pages = new ArrayList<>();
    private int evictions;

    PlainPrefixes(int pageTokens, int limit) {
        this.pageTokens = pageTokens;
        this.limit = limit;
    }

    List<List<Integer>> pages() {
        return pages;
    }

    int evictions() {
        return evictions;
    }

    void clear() {
        pages.clear();
    }

    void store(List<Integer> text) {
        List<List<Integer>> path = new ArrayList<>();
        for (int from = 0; from < text.size(); from += pageTokens) {
            List<Integer> wanted = text.subList(0, Math.min(from + pageTokens, text.size()));
            int start = from;
            List<Integer> page =
                    pages.stream()
                            .filter(p -> start(p) == start && begins(p, wanted))
                            .min(LEXICOGRAPHIC)
                            .orElse(null);
            if (page == null) {
                if (pages.size() >= limit && !evict(path)) {
                    break;
                }
                pages.removeIf(p -> start(p) == start && begins(wanted, p));
                page = List.copyOf(wanted);
                pages.add(page);
            }
            path.add(page);
        }
        use(path);
    }

    int restore(List<Integer> text, int most) {
        List<List<Integer>> path = new ArrayList<>();
        int length = 0;
        for (int from = 0; from == length && from < most; from += pageTokens) {
            List<Integer> wanted = text.subList(0, Math.min(from + pageTokens, most));
            List<Integer> best = null;
            for (List<Integer> page : pages) {
                if (start(page) == from
                        && common(page, wanted) > from
                        && (best == null || better(page, best, wanted))) {
                    best = page;
                }
            }
            if (best != null) {
                path.add(best);
                length = common(best, wanted);
            }
        }
        use(path);
        return length;
    }

    /** What is left of a file of these pages where only so many fit. */
    PlainPrefixes reloaded(int newLimit) {
        PlainPrefixes result = new PlainPrefixes(pageTokens, newLimit);
        int kept = Math.min(newLimit, pages.size());
        result.pages.addAll(pages.subList(pages.size() - kept, pages.size()));
        return result;
    }

    /** Shares more; or as much, and is the last one before the text or else the first after it. */
    private static boolean better(List<Integer> page, List<Integer> than, List<Integer> wanted) {
        if (common(page, wanted) != common(than, wanted)) {
            return common(page, wanted) > common(than, wanted);
        }
        boolean before = LEXICOGRAPHIC.compare(page, wanted) <= 0;
        boolean otherBefore = LEXICOGRAPHIC.compare(than, wanted) <= 0;
        if (before != otherBefore) {
            return before;
        }
        int order = LEXICOGRAPHIC.compare(page, than);
        return before ? order > 0 : order < 0;
    }

    private boolean evict(List<List<Integer>> path) {
        for (List<Integer> page : pages) {
            boolean leaf =
                    pages.stream().noneMatch(p -> start(p) == page.size() && begins(p, page));
            if (leaf && !path.contains(page)) {
                pages.remove(page);
                evictions++;
                return true;
            }
        }
        return false;
    }

    private void use(List<List<Integer>> path) {
        Collections.reverse(path);
        pages.removeAll(path);
        pages.addAll(path);
    }

    private int start(List<Integer> page) {
        return (page.size() - 1) / pageTokens * pageTokens;
    }

    private static boolean begins(List<Integer> text, List<Integer> beginning) {
        return common(text, beginning) == beginning.size();
    }

    private static int common(List<Integer> left, List<Integer> right) {
        int n = 0;
        while (n < left.size() && n < right.size() && left.get(n).equals(right.get(n))) {
            n++;
        }
        return n;
    }
}
