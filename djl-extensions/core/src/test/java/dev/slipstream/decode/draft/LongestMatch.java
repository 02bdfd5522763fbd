package dev.slipstream.decode.draft;

import java.util.ArrayList;
import java.util.List;

/**
 * The oracle of lookups, by comparing token by token at every place.
 *
 * @param length of the longest end of a text that occurs earlier
 * @param ends where its earlier occurrences end, in order
 */
record LongestMatch(int length, List<Integer> ends) {
    static LongestMatch of(int[] text, int textLength) {
        int longest = 0;
        List<Integer> ends = new ArrayList<>();
        for (int end = 1; end < textLength; end++) {
            int length = 0;
            while (length < end && text[end - 1 - length] == text[textLength - 1 - length]) {
                length++;
            }
            if (length > longest) {
                longest = length;
                ends.clear();
            }
            if (length == longest && length > 0) {
                ends.add(end);
            }
        }
        return new LongestMatch(longest, ends);
    }
}
