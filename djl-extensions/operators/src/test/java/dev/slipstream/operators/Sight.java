package dev.slipstream.operators;

import java.util.Random;

/** What new rows of a sequence see of each other, where they stand, and the operator's mode. */
record Sight(int mode, boolean[][] sees, int[] places) {
    static final int COMPUTED = 1;
    static final int KEPT = 2;
    static final int REUSED = 3;

    /** The operator's own, without places and masks. */
    static final Sight CAUSAL = new Sight(0, new boolean[0][], new int[0]);

    /** Each row sees all. */
    static Sight whole(int rows) {
        return of(rows, (row, other) -> true);
    }

    /** Each row sees those before it, by a mask. */
    static Sight causal(int rows) {
        return of(rows, (row, other) -> other <= row);
    }

    /**
     * Two copies of a block in the same places: the first causal, a row of the second sees those of
     * the first that stand before it, and itself.
     */
    static Sight twoCopies(int block) {
        Sight result =
                of(
                        2 * block,
                        (row, other) ->
                                row < block
                                        ? other <= row
                                        : other == row || other < block && other < row - block);
        for (int i = 0; i < block; i++) {
            result.places[block + i] = i;
        }
        return result;
    }

    /** Rows that see some others, at least one, and stand anywhere. */
    static Sight draw(Random random, int rows, int places) {
        double share = random.nextDouble();
        Sight result = of(rows, (row, other) -> random.nextDouble() < share);
        for (int i = 0; i < rows; i++) {
            result.sees[i][random.nextInt(rows)] = true;
            result.places[i] = random.nextInt(places);
        }
        return result;
    }

    Sight with(int value) {
        return new Sight(value, sees, places);
    }

    /** Returns the word of a row's mask for 64 rows. */
    long word(int row, int word) {
        long bits = 0;
        for (int i = word * Long.SIZE; i < Math.min(sees.length, (word + 1) * Long.SIZE); i++) {
            bits |= sees[row][i] ? 1L << i : 0;
        }
        return bits;
    }

    private interface Sees {
        boolean test(int row, int other);
    }

    private static Sight of(int rows, Sees rule) {
        boolean[][] sees = new boolean[rows][rows];
        int[] places = new int[rows];
        for (int i = 0; i < rows; i++) {
            places[i] = i;
            for (int j = 0; j < rows; j++) {
                sees[i][j] = rule.test(i, j);
            }
        }
        return new Sight(COMPUTED, sees, places);
    }
}
