package dev.slipstream.operators;

import java.util.Random;

/** The attributes of the operator that a test draws. */
record Heads(int heads, int kvHeads, int size, int window) {
    static final int[] SIZES = {8, 16, 32, 64, 80, 96, 128};

    static Heads draw(Random random, int size) {
        int kvHeads = 1 + random.nextInt(3);
        int group = 1 + random.nextInt(5);
        int window = random.nextBoolean() ? -1 : 1 + random.nextInt(200);
        return new Heads(group * kvHeads, kvHeads, size, window);
    }

    /** Length of a row of queries, keys and values side by side. */
    int packed() {
        return (heads + 2 * kvHeads) * size;
    }

    int output() {
        return heads * size;
    }

    float scale() {
        return (float) (1 / Math.sqrt(size));
    }

    /** Draws rows of queries, keys and values, [rows, packed]. */
    float[] drawRows(Random random, int rows) {
        float[] result = new float[rows * packed()];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) (1.5 * random.nextGaussian());
        }
        return result;
    }
}
