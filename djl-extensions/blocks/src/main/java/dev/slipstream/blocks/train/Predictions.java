package dev.slipstream.blocks.train;

import java.util.Arrays;

/** Rows of logits, and the tokens that they should predict. */
public final class Predictions {
    private long[] rows = new long[256];
    private long[] targets = new long[256];
    private int size;

    /** Constructs an empty list. */
    public Predictions() {}

    /**
     * Adds a prediction.
     *
     * @param row of the hidden states, all sequences under each other
     * @param target token id
     */
    public void add(long row, int target) {
        if (size == rows.length) {
            rows = Arrays.copyOf(rows, 2 * size);
            targets = Arrays.copyOf(targets, 2 * size);
        }
        rows[size] = row;
        targets[size++] = target;
    }

    /** Returns how many there are. */
    public int size() {
        return size;
    }

    /** Returns the rows. */
    long[] rows() {
        return Arrays.copyOf(rows, size);
    }

    /** Returns the tokens. */
    long[] targets() {
        return Arrays.copyOf(targets, size);
    }
}
