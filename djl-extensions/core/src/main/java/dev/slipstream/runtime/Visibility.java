package dev.slipstream.runtime;

import java.util.Arrays;
import java.util.Objects;

/**
 * Which of each other the new tokens of a turn see, and where they stand. All of them see
 * everything that is held before. The usual one is {@link #CAUSAL}; a model that writes by blocks
 * looks at a whole block at once, and a verifier may look at two copies of one.
 */
public final class Visibility {
    /** Each new token sees itself and those before it, and stands behind the last of them. */
    public static final Visibility CAUSAL = new Visibility(new long[0][], new int[0]);

    /** By row, a bit for each new token that it sees; empty if causal. */
    private final long[][] sees;

    private final int[] places;

    private Visibility(long[][] sees, int[] places) {
        this.sees = sees;
        this.places = places;
    }

    /**
     * Returns the visibility of a block: each new token sees all others.
     *
     * @param tokens of the block, 1 or more
     */
    public static Visibility whole(int tokens) {
        boolean[][] sees = new boolean[tokens][tokens];
        int[] places = new int[tokens];
        for (int i = 0; i < tokens; i++) {
            Arrays.fill(sees[i], true);
            places[i] = i;
        }
        return of(sees, places);
    }

    /**
     * Returns a visibility of any form.
     *
     * @param sees by row, which new tokens it sees; each row sees one at least, itself or another
     * @param places where each row stands, counted from the number of tokens held before; several
     *     may stand in one place
     * @throws IllegalArgumentException if the shapes differ, a row sees nothing, or a place is
     *     negative
     */
    public static Visibility of(boolean[][] sees, int[] places) {
        int rows = places.length;
        if (rows == 0 || sees.length != rows) {
            throw new IllegalArgumentException(
                    "sees: expected a row for each of %d places, 1 at least, found %d"
                            .formatted(rows, sees.length));
        }
        long[][] bits = new long[rows][(rows + Long.SIZE - 1) / Long.SIZE];
        for (int i = 0; i < rows; i++) {
            if (sees[i].length != rows) {
                throw new IllegalArgumentException(
                        "sees: row %d: expected %d columns, found %d"
                                .formatted(i, rows, sees[i].length));
            }
            if (places[i] < 0) {
                throw new IllegalArgumentException(
                        "places: row %d: expected 0 or more, found %d".formatted(i, places[i]));
            }
            boolean any = false;
            for (int j = 0; j < rows; j++) {
                if (sees[i][j]) {
                    bits[i][j / Long.SIZE] |= 1L << j;
                    any = true;
                }
            }
            if (!any) {
                throw new IllegalArgumentException(
                        "sees: row %d: expected at least one new token, found none".formatted(i));
            }
        }
        return new Visibility(bits, places.clone());
    }

    /** Tells whether this is {@link #CAUSAL}, which fits any number of tokens. */
    public boolean isCausal() {
        return places.length == 0;
    }

    /** Returns the number of new tokens that this is for; 0 if causal, for any number. */
    public int rows() {
        return places.length;
    }

    /**
     * Tells whether a new token sees another, or itself.
     *
     * @param row index of the one that looks
     * @param other index of the one that is seen
     */
    public boolean sees(int row, int other) {
        if (isCausal()) {
            return other <= row;
        }
        Objects.checkIndex(other, places.length);
        return (sees[row][other / Long.SIZE] >>> other & 1) != 0;
    }

    /**
     * Returns which new tokens a row sees, a bit for each.
     *
     * @param index of 64 new tokens
     */
    long word(int row, int index) {
        if (!isCausal()) {
            return index < sees[row].length ? sees[row][index] : 0;
        }
        int seen = row + 1 - index * Long.SIZE;
        return seen <= 0 ? 0 : seen >= Long.SIZE ? -1L : (1L << seen) - 1;
    }

    /** Returns where a new token stands, counted from the number of tokens held before. */
    public int place(int row) {
        return isCausal() ? row : places[row];
    }
}
