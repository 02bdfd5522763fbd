package dev.slipstream.samples.cli;

import dev.slipstream.decode.Prompt;
import java.util.Random;
import java.util.stream.IntStream;

/** Prompts of random tokens: no two begin alike, so none is found in a cache. */
final class RandomPrompts {
    private final int vocabulary;
    private final Random random;

    /**
     * Constructs prompts.
     *
     * @param vocabulary number of token ids
     * @param random draws them
     */
    RandomPrompts(int vocabulary, Random random) {
        this.vocabulary = vocabulary;
        this.random = random;
    }

    /** Returns a prompt of so many tokens. */
    Prompt next(int tokens) {
        return after(new int[0], tokens);
    }

    /** Returns a prompt that begins with given tokens, and so many after them. */
    Prompt after(int[] first, int tokens) {
        IntStream rest = random.ints(tokens, 0, vocabulary);
        int[] ids = IntStream.concat(IntStream.of(first), rest).toArray();
        return new Prompt(ids.length + " random tokens", ids);
    }

    /** Returns a random part of one. */
    double part() {
        return random.nextDouble();
    }
}
