package dev.slipstream.decode.draft.diffuse;

import java.util.Arrays;

/**
 * Counts by runs of one to three tokens, in two arrays without an object an entry: millions of runs
 * of different tokens occur in a text of some megabytes. A run is known by its key.
 */
final class TokenCounts {
    /** Bits of a token id in a key, three of which leave the sign free. */
    private static final int TOKEN_BITS = 21;

    /** Ids from here on have no room in a key. */
    static final int MOST_TOKENS = 1 << TOKEN_BITS;

    private static final long HASH = 0x9E3779B97F4A7C15L;
    private static final long FREE = -1;

    private final int fields;
    private long[] keys = new long[16];
    private int[] values;
    private int size;

    /**
     * Constructs empty counts.
     *
     * @param fields numbers that are counted for each run
     */
    TokenCounts(int fields) {
        this.fields = fields;
        Arrays.fill(keys, FREE);
        values = new int[keys.length * fields];
    }

    static long key(int token) {
        return token;
    }

    static long key(int before, int token) {
        return (long) before << TOKEN_BITS | token;
    }

    static long key(int second, int before, int token) {
        return key(key(second, before), token);
    }

    private static long key(long before, int token) {
        return before << TOKEN_BITS | token;
    }

    /** Returns the number of different runs. */
    int size() {
        return size;
    }

    /** Returns where the numbers of a run are; negative if it was never counted. */
    int find(long key) {
        int slot = slot(key);
        return keys[slot] == FREE ? -1 : slot * fields;
    }

    /** Returns where the numbers of a run are, all 0 if it is new; until the next call. */
    int findOrAdd(long key) {
        int slot = slot(key);
        if (keys[slot] == FREE) {
            if (3 * (size + 1) > 2 * keys.length) {
                grow();
                slot = slot(key);
            }
            keys[slot] = key;
            size++;
        }
        return slot * fields;
    }

    /** Returns a number; 0 where nothing was found. */
    int get(int found, int field) {
        return found < 0 ? 0 : values[found + field];
    }

    /** Counts one more, and returns the new number. */
    int increment(int found, int field) {
        return ++values[found + field];
    }

    private int slot(long key) {
        int slot = (int) (key * HASH >>> Long.numberOfLeadingZeros(keys.length) + 1);
        while (keys[slot] != FREE && keys[slot] != key) {
            slot = slot + 1 & keys.length - 1;
        }
        return slot;
    }

    private void grow() {
        long[] oldKeys = keys;
        int[] oldValues = values;
        keys = new long[2 * oldKeys.length];
        Arrays.fill(keys, FREE);
        values = new int[keys.length * fields];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != FREE) {
                int slot = slot(oldKeys[i]);
                keys[slot] = oldKeys[i];
                System.arraycopy(oldValues, i * fields, values, slot * fields, fields);
            }
        }
    }
}
