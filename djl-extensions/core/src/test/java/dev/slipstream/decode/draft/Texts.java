package dev.slipstream.decode.draft;

import java.util.Random;

/** Texts that are hard on string algorithms. */
final class Texts {
    private Texts() {}

    /** Few tokens, parts of the text repeated, ids far from 0. */
    static int[] random(Random random, int longest) {
        int[] text = new int[random.nextInt(longest + 1)];
        int alphabet = 1 + random.nextInt(5);
        int step = random.nextBoolean() ? 1 : 30_011;
        double copying = random.nextDouble();
        int i = 0;
        while (i < text.length) {
            if (i > 0 && random.nextDouble() < copying) {
                int from = random.nextInt(i);
                for (int n = random.nextInt(8); n >= 0 && i < text.length; n--) {
                    text[i++] = text[from++];
                }
            } else {
                text[i++] = step * random.nextInt(alphabet);
            }
        }
        return text;
    }

    /** The Fibonacci word: as many different repetitions as a text can have. */
    static int[] fibonacci(int length) {
        int[] text = new int[length];
        int before = 1;
        int known = 2;
        text[1] = 1;
        while (known < length) {
            int next = Math.min(before, length - known);
            System.arraycopy(text, 0, text, known, next);
            int sum = known + before;
            before = known;
            known = sum;
        }
        return text;
    }
}
