package dev.slipstream.blocks.train;

import java.util.Arrays;
import java.util.Random;

/**
 * Windows of a text in a random order, each once before any comes twice. Window i of a seed is the
 * same in every run, so that a run may go on from any step.
 */
final class Windows {
    private final int[] tokens;
    private final int length;
    private final long seed;
    private final int count;
    private long epoch = -1;
    private int[] order = {};
    private int shift;

    /**
     * Constructs windows.
     *
     * @param tokens the text
     * @param length tokens of a window
     * @param seed of the order
     */
    Windows(int[] tokens, int length, long seed) {
        if (tokens.length < 2 * length) {
            throw Check.wrong("text", "two windows of " + length + " tokens", tokens.length);
        }
        this.tokens = tokens;
        this.length = length;
        this.seed = seed;
        // One window less than there is room for: epochs begin at different tokens.
        count = tokens.length / length - 1;
    }

    int[] window(long index) {
        if (index / count != epoch) {
            epoch = index / count;
            Random random = new Random(seed * 31 + epoch);
            order = shuffled(random);
            shift = random.nextInt(length);
        }
        int start = order[(int) (index % count)] * length + shift;
        return Arrays.copyOfRange(tokens, start, start + length);
    }

    /** Returns windows at equal distances over the whole text. */
    static int[][] spread(int[] tokens, int length, int count) {
        int possible = tokens.length / length;
        if (possible == 0) {
            throw Check.wrong(
                    "validation text", "a window of " + length + " tokens", tokens.length);
        }
        int taken = Math.min(count, possible);
        int[][] windows = new int[taken][];
        for (int i = 0; i < taken; i++) {
            int start = (int) ((long) i * possible / taken) * length;
            windows[i] = Arrays.copyOfRange(tokens, start, start + length);
        }
        return windows;
    }

    private int[] shuffled(Random random) {
        int[] result = new int[count];
        for (int i = 0; i < count; i++) {
            int j = random.nextInt(i + 1);
            result[i] = result[j];
            result[j] = i;
        }
        return result;
    }
}
