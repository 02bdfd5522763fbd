package dev.slipstream.blocks.train;

import dev.slipstream.blocks.Arithmetic;
import dev.slipstream.blocks.TinyDecoder;

/** Settings and texts of small runs. */
final class Runs {
    private Runs() {}

    static TrainingOptions options(int steps) {
        return new TrainingOptions(
                steps,
                4,
                2,
                16,
                new LearningRate(3e-3, 3, 0.1),
                AdamOptions.defaults(),
                5,
                Arithmetic.FLOAT32,
                4,
                3,
                3);
    }

    /** A text in which every token says the next. */
    static int[] text(int length) {
        int[] text = new int[length];
        int[] next = TinyDecoder.tokens(60, 60, 77);
        for (int i = 1; i < length; i++) {
            text[i] = i % 19 == 0 ? i % 60 : next[text[i - 1]];
        }
        return text;
    }
}
