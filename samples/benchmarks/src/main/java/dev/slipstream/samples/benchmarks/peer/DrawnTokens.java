package dev.slipstream.samples.benchmarks.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Prompts of drawn tokens, another one each time, so that nothing that a library remembers helps.
 * The ids are 3 to 98: every vocabulary has them, and the first three are often special.
 */
final class DrawnTokens {
    private static final int FIRST = 3;
    private static final int END = 99;

    private final SplittableRandom random = new SplittableRandom(1);

    int[] draw(int length) {
        return random.ints(length, FIRST, END).toArray();
    }

    List<int[]> draw(int prompts, int length) {
        List<int[]> drawn = new ArrayList<>();
        for (int i = 0; i < prompts; i++) {
            drawn.add(draw(length));
        }
        return drawn;
    }
}
