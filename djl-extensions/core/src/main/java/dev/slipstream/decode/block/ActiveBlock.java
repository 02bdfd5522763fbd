package dev.slipstream.decode.block;

import java.util.Arrays;
import java.util.Objects;

/** The block that is being written: some of its places are known, the others hold the mask. */
public final class ActiveBlock {
    private final int mask;
    private int[] tokens;
    private boolean[] known;
    private int unknown;

    /**
     * Constructs a block of which no place is known.
     *
     * @param length number of places, 1 or more
     * @param mask id of the mask token
     */
    public ActiveBlock(int length, int mask) {
        if (length < 1) {
            throw new IllegalArgumentException("length: expected 1 or more, found " + length);
        }
        this.mask = mask;
        tokens = new int[length];
        Arrays.fill(tokens, mask);
        known = new boolean[length];
        unknown = length;
    }

    /** Returns the number of places. */
    public int length() {
        return tokens.length;
    }

    /** Returns how many places are not known. */
    public int unknown() {
        return unknown;
    }

    /** Tells whether a place is known. */
    public boolean known(int place) {
        return known[place];
    }

    /** Returns the token of a place, the mask where it is not known. */
    public int token(int place) {
        return tokens[place];
    }

    /** Returns a copy of the tokens, the mask where a place is not known. */
    public int[] tokens() {
        return tokens.clone();
    }

    /** Returns the first place that is not known; {@link #length()} if all are. */
    public int firstUnknown() {
        return next(0, false);
    }

    /**
     * Returns where the first run of unknown places ends: behind the last of the places from {@link
     * #firstUnknown()} on that are all unknown.
     */
    public int endOfFirstSpan() {
        return next(firstUnknown(), true);
    }

    private int next(int from, boolean wanted) {
        int place = from;
        while (place < known.length && known[place] != wanted) {
            place++;
        }
        return place;
    }

    /**
     * Fixes the token of a place.
     *
     * @throws IllegalStateException if it is known already: what is written stays
     */
    public void commit(int place, int token) {
        Objects.checkIndex(place, tokens.length);
        if (known[place]) {
            throw new IllegalStateException(
                    "place %d: expected one that is not known, found token %d"
                            .formatted(place, tokens[place]));
        }
        if (token == mask) {
            throw new IllegalArgumentException("place " + place + ": found the mask token");
        }
        tokens[place] = token;
        known[place] = true;
        unknown--;
    }

    /**
     * Leaves the places from an index on to a later block.
     *
     * @param length places to keep, 1 or more
     * @throws IllegalStateException if one of those left is known
     */
    public void shorten(int length) {
        for (int place = length; place < tokens.length; place++) {
            if (known[place]) {
                throw new IllegalStateException(
                        "place %d: expected one that is not known behind the new end, found token %d"
                                .formatted(place, tokens[place]));
            }
        }
        unknown -= tokens.length - length;
        tokens = Arrays.copyOf(tokens, length);
        known = Arrays.copyOf(known, length);
    }
}
