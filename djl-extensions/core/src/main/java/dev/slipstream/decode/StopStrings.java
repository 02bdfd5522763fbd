package dev.slipstream.decode;

import java.util.List;

/**
 * Finds the first stop string in a text that comes in pieces, and lets through what can't be part
 * of one. What comes out depends on the text alone, not on where the pieces end.
 *
 * <p>The match that begins earliest wins, even if another one ends before it; so a match is final
 * only when none that began earlier can still come true. Where two begin at the same place the
 * shorter one wins. Text is held back from the earliest place where a stop string may have begun;
 * the halves of a surrogate pair stay together.
 *
 * <p>Each character costs amortised constant time for each stop string (Knuth, Morris and Pratt
 * 1977), whatever their lengths.
 */
final class StopStrings {
    private final Pattern[] patterns;

    /** The end of the text: what is held back, and before it perhaps some that was sent. */
    private final StringBuilder held = new StringBuilder();

    /** How much of the beginning of {@link #held} was sent. */
    private int heldFrom;

    /** Characters read. */
    private long position;

    private long matchStart = Long.MAX_VALUE;
    private String match = "";
    private boolean matched;

    /**
     * Constructs a matcher.
     *
     * @param strings not empty each, well-formed UTF-16; none at all lets everything through
     */
    StopStrings(List<String> strings) {
        patterns = strings.stream().map(Pattern::new).toArray(Pattern[]::new);
    }

    /**
     * Reads a piece of the text.
     *
     * @return the text that is safe now, perhaps empty; always empty after a match
     */
    String feed(String piece) {
        for (int i = 0; i < piece.length() && !matched; i++) {
            char c = piece.charAt(i);
            held.append(c);
            position++;
            advance(c);
        }
        return send(matched ? matchStart : safeEnd());
    }

    /**
     * Ends the text.
     *
     * @return what was held back, up to a match if one was waiting for a longer one that never came
     */
    String flush() {
        matched |= matchStart != Long.MAX_VALUE;
        return send(matched ? matchStart : position);
    }

    /** Tells whether a stop string was found, and with it the end of the text. */
    boolean isMatched() {
        return matched;
    }

    /**
     * Returns where the stop string begins, in characters (UTF-16 units) from the beginning of the
     * text.
     *
     * @throws IllegalStateException if none was found
     */
    long matchStart() {
        requireMatch();
        return matchStart;
    }

    /**
     * Returns the stop string that was found.
     *
     * @throws IllegalStateException if none was found
     */
    String match() {
        requireMatch();
        return match;
    }

    private void requireMatch() {
        if (!matched) {
            throw new IllegalStateException("no stop string was found; ask isMatched() first");
        }
    }

    private void advance(char c) {
        for (Pattern pattern : patterns) {
            if (pattern.advance(c)) {
                long start = position - pattern.text.length();
                if (start < matchStart) {
                    matchStart = start;
                    match = pattern.text;
                }
            }
        }
        matched = matchStart != Long.MAX_VALUE && earliestBeginning() >= matchStart;
    }

    /** Returns the earliest place where a stop string may have begun that is not yet complete. */
    private long earliestBeginning() {
        int longest = 0;
        for (Pattern pattern : patterns) {
            longest = Math.max(longest, pattern.begun());
        }
        return position - longest;
    }

    /** A match that waits began later than what it waits for, so that is where to stop. */
    private long safeEnd() {
        long end = earliestBeginning();
        int last = held.length() - (int) (position - end) - 1;
        return last >= heldFrom && Character.isHighSurrogate(held.charAt(last)) ? end - 1 : end;
    }

    private String send(long end) {
        int to = held.length() - (int) (position - end);
        String text = held.substring(heldFrom, to);
        heldFrom = to;
        // Removing costs as much as what stays: wait until as much is removed.
        if (2 * heldFrom >= held.length()) {
            held.delete(0, heldFrom);
            heldFrom = 0;
        }
        return text;
    }

    /** One stop string and how much of it the text ends with. */
    private static final class Pattern {
        final String text;

        /** At n: the length of the longest proper prefix that ends the first n characters. */
        private final int[] borders;

        private int state;

        Pattern(String text) {
            this.text = text;
            borders = new int[text.length() + 1];
            for (int n = 1; n < text.length(); n++) {
                borders[n + 1] = next(borders[n], text.charAt(n));
            }
        }

        /** Reads a character; tells whether the text now ends with the whole string. */
        boolean advance(char c) {
            state = next(begun(), c);
            return state == text.length();
        }

        /** Returns how much of an incomplete occurrence the text ends with, at most. */
        int begun() {
            return state == text.length() ? borders[state] : state;
        }

        private int next(int from, char c) {
            int length = from;
            while (length > 0 && text.charAt(length) != c) {
                length = borders[length];
            }
            return text.charAt(length) == c ? length + 1 : length;
        }
    }
}
