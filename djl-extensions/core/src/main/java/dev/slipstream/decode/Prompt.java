package dev.slipstream.decode;

import java.util.Arrays;

/**
 * A prompt in the model's tokens; made by {@link TextGenerator#prompt} and {@link
 * TextGenerator#chat}.
 *
 * @param text what was tokenised
 * @param ids token ids, at least one; not to be changed
 */
public record Prompt(String text, int[] ids) {
    /** Returns the number of tokens. */
    public int length() {
        return ids.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Prompt p && p.text.equals(text) && Arrays.equals(p.ids, ids);
    }

    @Override
    public int hashCode() {
        return 31 * text.hashCode() + Arrays.hashCode(ids);
    }

    @Override
    public String toString() {
        return "Prompt[" + ids.length + " tokens: " + text + "]";
    }
}
