package dev.slipstream.decode.draft;

import java.util.Arrays;

/**
 * Those transitions of a {@link SuffixAutomaton} that are not the first of their state: a hash
 * table with open addressing, at most half full, whose entries are also chained by state.
 */
final class Branches {
    private static final int NONE = -1;

    private int[] source = new int[64];
    private int[] token = new int[64];
    private int[] target = new int[64];

    /** By entry, the entry that was added to the same state before it. */
    private int[] older = new int[64];

    /** By state, the entry that was added to it last. */
    private int[] newest = filled(256);

    private int[] slots = filled(128);
    private int size;

    /** Makes room for more states. */
    void states(int room) {
        int old = newest.length;
        newest = Arrays.copyOf(newest, room);
        Arrays.fill(newest, old, room, NONE);
    }

    /** Returns where a transition leads; -1 if there is none. */
    int target(int state, int id) {
        int entry = slots[slot(state, id)];
        return entry == NONE ? NONE : target[entry];
    }

    /** Adds a transition that its state does not have. */
    void add(int state, int id, int to) {
        if (2 * size == slots.length) {
            grow();
        }
        source[size] = state;
        token[size] = id;
        target[size] = to;
        older[size] = newest[state];
        newest[state] = size;
        slots[slot(state, id)] = size;
        size++;
    }

    /** Lets a transition that exists lead elsewhere. */
    void redirect(int state, int id, int to) {
        target[slots[slot(state, id)]] = to;
    }

    /**
     * Adds all transitions of one state to another, which has none.
     *
     * @return how many they are
     */
    int copy(int from, int to) {
        int copied = 0;
        for (int entry = newest[from]; entry != NONE; entry = older[entry]) {
            add(to, token[entry], target[entry]);
            copied++;
        }
        return copied;
    }

    int size() {
        return size;
    }

    private void grow() {
        int room = 2 * source.length;
        source = Arrays.copyOf(source, room);
        token = Arrays.copyOf(token, room);
        target = Arrays.copyOf(target, room);
        older = Arrays.copyOf(older, room);
        slots = filled(2 * room);
        for (int entry = 0; entry < size; entry++) {
            slots[slot(source[entry], token[entry])] = entry;
        }
    }

    /** Returns the slot of a transition, or the free one where it belongs. */
    private int slot(int state, int id) {
        int mask = slots.length - 1;
        // Fibonacci hashing (Knuth 1973): only the highest bits depend on all of the key.
        long mixed = (((long) state << 32) ^ id) * 0x9E3779B97F4A7C15L;
        int slot = (int) (mixed >>> Long.SIZE - Integer.bitCount(mask));
        while (slots[slot] != NONE && !is(slots[slot], state, id)) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private boolean is(int entry, int state, int id) {
        return source[entry] == state && token[entry] == id;
    }

    private static int[] filled(int length) {
        int[] result = new int[length];
        Arrays.fill(result, NONE);
        return result;
    }
}
