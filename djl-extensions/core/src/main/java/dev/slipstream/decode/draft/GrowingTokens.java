package dev.slipstream.decode.draft;

import dev.slipstream.decode.Tokenizer;
import dev.slipstream.decode.Tokenizer.SpecialTokens;
import java.util.Arrays;

/**
 * The tokens of a text that grows, as if it were encoded whole each time. Only its end is: before a
 * space between two words no token begins to depend on what comes later, so what lies before such a
 * place is settled. A piece of settled text goes in again before the end, since a tokenizer may
 * treat the beginning of a text in its own way.
 */
final class GrowingTokens {
    /** So many characters are encoded again before some more are settled. */
    private static final int LONGEST_END = 256;

    /** What is settled lies at least so far behind the end. */
    private static final int UNSETTLED = 64;

    /** Characters that go in again before what is not settled. */
    private static final int CONTEXT = 24;

    /** Text without spaces is cut anywhere beyond so many characters. */
    private static final int LONGEST_WORD = 64;

    private final Tokenizer tokenizer;
    private int[] settled;
    private int settledText;
    private int contextStart;
    private int[] context = {};
    private int triedAt;

    GrowingTokens(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        settled = tokenizer.encode("", SpecialTokens.ADD);
    }

    /**
     * Returns the tokens of a text, what comes before every text included.
     *
     * @param text begins with the text of the call before
     */
    int[] of(CharSequence text) {
        int[] end = encode(text, contextStart, text.length());
        if (!startsWith(end, context)) {
            // What was settled is not: once more from the beginning.
            settled = tokenizer.encode("", SpecialTokens.ADD);
            settledText = 0;
            contextStart = 0;
            context = new int[0];
            end = encode(text, 0, text.length());
        }
        int[] all = joined(settled, end, context.length);
        if (text.length() - Math.max(settledText, triedAt) > LONGEST_END) {
            triedAt = text.length() - UNSETTLED;
            settle(text, end);
        }
        return all;
    }

    /**
     * Returns the tokens that a text gets behind those it has.
     *
     * @param tokenizer of the tokens
     * @param text so far
     * @param more what follows
     * @return none if the text's own last tokens would be others then
     */
    static int[] continuation(Tokenizer tokenizer, CharSequence text, CharSequence more) {
        int from = cutBefore(text, text.length() - CONTEXT);
        CharSequence known = text.subSequence(from, text.length());
        int[] before = tokenizer.encode(known.toString(), SpecialTokens.AS_WRITTEN);
        int[] all = tokenizer.encode(known.toString() + more, SpecialTokens.AS_WRITTEN);
        return startsWith(all, before)
                ? Arrays.copyOfRange(all, before.length, all.length)
                : new int[0];
    }

    /** Settles what lies behind the end, if both halves encoded alone are what they are joined. */
    private void settle(CharSequence text, int[] end) {
        int cut = cutBefore(text, text.length() - UNSETTLED);
        int start = cutBefore(text, cut - CONTEXT);
        if (cut <= settledText || start < settledText) {
            return;
        }
        int[] before = encode(text, contextStart, cut);
        int[] newContext = encode(text, start, cut);
        int[] newEnd = encode(text, start, text.length());
        if (startsWith(end, before)
                && startsWith(before, context)
                && startsWith(newEnd, newContext)
                && Arrays.equals(
                        end, before.length, end.length, newEnd, newContext.length, newEnd.length)) {
            settled = joined(settled, before, context.length);
            settledText = cut;
            contextStart = start;
            context = newContext;
        }
    }

    /** Returns the last place at or before an index where a word ends and a space follows. */
    private static int cutBefore(CharSequence text, int index) {
        for (int i = index; i > 0 && i > index - LONGEST_WORD; i--) {
            if (text.charAt(i) == ' ' && !Character.isWhitespace(text.charAt(i - 1))) {
                return i;
            }
        }
        if (index <= LONGEST_WORD) {
            return 0;
        }
        return Character.isLowSurrogate(text.charAt(index)) ? index - 1 : index;
    }

    private int[] encode(CharSequence text, int from, int to) {
        return tokenizer.encode(text.subSequence(from, to).toString(), SpecialTokens.AS_WRITTEN);
    }

    private static boolean startsWith(int[] tokens, int[] start) {
        return start.length <= tokens.length
                && Arrays.equals(tokens, 0, start.length, start, 0, start.length);
    }

    private static int[] joined(int[] first, int[] second, int from) {
        int[] all = Arrays.copyOf(first, first.length + second.length - from);
        System.arraycopy(second, from, all, first.length, second.length - from);
        return all;
    }
}
