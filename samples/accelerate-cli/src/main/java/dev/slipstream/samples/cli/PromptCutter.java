package dev.slipstream.samples.cli;

import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.PromptTooLongException;
import dev.slipstream.decode.TextGenerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tokenises prompts and cuts them to what fits: of a long one, the end stays. */
final class PromptCutter {
    /** Characters that show how many make a token. */
    private static final int SAMPLE = 2_000;

    private final TextGenerator generator;
    private final int limit;
    private final @Nullable Integer beginToken;

    /**
     * Constructs a cutter.
     *
     * @param generator whose tokens are counted
     * @param limit the most tokens of a prompt, its begin token included
     */
    PromptCutter(TextGenerator generator, int limit) {
        this.generator = generator;
        this.limit = limit;
        this.beginToken = beginToken(generator);
    }

    private static @Nullable Integer beginToken(TextGenerator generator) {
        try {
            return generator.prompt("").ids()[0];
        } catch (InvalidOptionException e) {
            // Without one there is no empty prompt.
            return null;
        }
    }

    /**
     * Returns a prompt of at most the limit. What is cut off is the beginning, all but the begin
     * token.
     */
    Prompt prompt(String text) {
        Prompt whole = tokenize(text);
        int[] ids = whole.ids();
        if (ids.length <= limit) {
            return whole;
        }
        int[] kept = Arrays.copyOfRange(ids, ids.length - limit, ids.length);
        if (beginToken != null && beginToken == ids[0]) {
            kept[0] = beginToken;
        }
        return new Prompt(text, kept);
    }

    /** Tells whether a text has more tokens than the limit. */
    boolean tooLong(String text) {
        try {
            return generator.prompt(text).length() > limit;
        } catch (PromptTooLongException e) {
            return true;
        }
    }

    /** The generator refuses to count texts of many times its context. */
    private Prompt tokenize(String text) {
        String rest = text;
        while (true) {
            try {
                return generator.prompt(rest);
            } catch (PromptTooLongException e) {
                rest = rest.substring(afterCharacter(rest, rest.length() / 2));
            }
        }
    }

    /**
     * Cuts a text into passages of about so many tokens each, which end between two words.
     *
     * @param text of any length
     * @param tokens of a passage
     */
    List<String> passages(String text, int tokens) {
        String sample =
                text.length() <= SAMPLE ? text : text.substring(0, afterCharacter(text, SAMPLE));
        double ratio = (double) sample.length() / tokenize(sample).length();
        int size = (int) Math.max(1, tokens * ratio);
        List<String> passages = new ArrayList<>();
        int start = wordStart(text, 0);
        while (start < text.length()) {
            int end = text.length() - start <= size ? text.length() : wordEnd(text, start, size);
            // The last one is left out if it is but a scrap, unless it is all there is.
            if (end - start >= size / 2 || passages.isEmpty()) {
                passages.add(text.substring(start, end).stripTrailing());
            }
            start = wordStart(text, end);
        }
        return passages;
    }

    private static int wordStart(String text, int from) {
        int start = from;
        while (start < text.length() && Character.isWhitespace(text.charAt(start))) {
            start++;
        }
        return start;
    }

    private static int wordEnd(String text, int start, int size) {
        for (int end = start + size; end > start + size / 2; end--) {
            if (Character.isWhitespace(text.charAt(end))) {
                return end;
            }
        }
        return afterCharacter(text, start + size);
    }

    /** Returns the index, or the next one if it would cut a surrogate pair in two. */
    private static int afterCharacter(String text, int index) {
        boolean inside =
                index > 0
                        && Character.isHighSurrogate(text.charAt(index - 1))
                        && Character.isLowSurrogate(text.charAt(index));
        return inside ? index + 1 : index;
    }
}
