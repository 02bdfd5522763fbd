package dev.slipstream.decode;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One decoded token.
 *
 * @param id in the model's vocabulary
 * @param text of this token alone; where a token holds a part of a character, U+FFFD stands for it
 * @param logProbability natural logarithm of the model's own probability, before any knob; null if
 *     not asked for
 * @param alternatives the likeliest tokens at this place, likeliest first; empty if not asked for
 */
public record Token(
        int id, String text, @Nullable Double logProbability, List<Alternative> alternatives) {
    /** Copies the list. */
    public Token {
        alternatives = List.copyOf(alternatives);
    }

    /**
     * A token that could have been chosen.
     *
     * @param id in the model's vocabulary
     * @param text of this token alone
     * @param logProbability natural logarithm of its probability
     */
    public record Alternative(int id, String text, double logProbability) {}
}
