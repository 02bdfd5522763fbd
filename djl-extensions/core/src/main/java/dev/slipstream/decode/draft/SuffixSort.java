package dev.slipstream.decode.draft;

/**
 * Sorts all suffixes of a text by prefix doubling (Manber and Myers 1993) in the form of Larsson
 * and Sadakane, "Faster suffix sorting" (2007): what is sorted by the first h tokens is sorted by 2
 * h with the order of the suffixes h further on, and what is alone in its place is left out. O(n
 * log n) time at the worst, two ints a token.
 */
final class SuffixSort {
    /** Where each suffix stands: the last place of its group of yet equal ones. */
    private final int[] group;

    /** The suffixes in order; minus the length of a run at its first place where all are alone. */
    private final int[] order;

    private int depth;
    private int random = 1;

    private SuffixSort(int[] group) {
        this.group = group;
        order = new int[group.length];
    }

    /**
     * Returns the beginnings of all suffixes in order, a suffix that is the beginning of another
     * one before it.
     *
     * @param text any numbers; overwritten, as it may be large
     */
    static int[] sort(int[] text) {
        if (text.length == 0) {
            return text;
        }
        SuffixSort sort = new SuffixSort(text);
        for (int i = 0; i < text.length; i++) {
            sort.order[i] = i;
        }
        sort.sortGroup(0, text.length);
        for (sort.depth = 1; sort.order[0] > -text.length; sort.depth *= 2) {
            sort.refine();
        }
        for (int i = 0; i < text.length; i++) {
            sort.order[text[i]] = i;
        }
        return sort.order;
    }

    /** Sorts every group by twice as many tokens and joins the runs that need no more sorting. */
    private void refine() {
        int run = 0;
        int place = 0;
        while (place < order.length) {
            if (order[place] < 0) {
                int alone = -order[place];
                run += alone;
                place += alone;
                order[place - run] = -run;
            } else {
                int end = group[order[place]] + 1;
                sortGroup(place, end);
                run = 0;
                place = end;
            }
        }
    }

    /** Quicksort in three parts; the groups of the lesser ones are settled first. */
    private void sortGroup(int from, int to) {
        int begin = from;
        while (begin < to) {
            int pivot = pivot(begin, to);
            int less = begin;
            int greater = to;
            int place = begin;
            while (place < greater) {
                int key = key(order[place]);
                if (key < pivot) {
                    swap(less++, place++);
                } else if (key > pivot) {
                    swap(place, --greater);
                } else {
                    place++;
                }
            }
            sortGroup(begin, less);
            settle(less, greater);
            begin = greater;
        }
    }

    private void settle(int from, int to) {
        for (int i = from; i < to; i++) {
            group[order[i]] = to - 1;
        }
        if (to - from == 1) {
            order[from] = -1;
        }
    }

    /** The token itself at first, then the order of the suffix so much further on. */
    private int key(int suffix) {
        int position = suffix + depth;
        return position < group.length ? group[position] : Integer.MIN_VALUE;
    }

    /**
     * The middle one of three at random places, as any fixed places have a text that they suit
     * badly.
     */
    private int pivot(int from, int to) {
        int a = key(order[somewhere(from, to)]);
        int b = key(order[somewhere(from, to)]);
        int c = key(order[somewhere(from, to)]);
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }

    /** By a xorshift generator (Marsaglia 2003). */
    private int somewhere(int from, int to) {
        random ^= random << 13;
        random ^= random >>> 17;
        random ^= random << 5;
        return from + (int) ((random & 0xFFFFFFFFL) * (to - from) >>> 32);
    }

    private void swap(int a, int b) {
        int suffix = order[a];
        order[a] = order[b];
        order[b] = suffix;
    }
}
